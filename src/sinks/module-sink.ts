// A caller's own sink: loads its module in the worker, where the bodies are, and passes what it returns for a body
// to the reader of the outcomes. An exception from the sink ends the run with an error that names the module.

import { createHash } from 'node:crypto';
import { SpillwayError } from '../model/errors.ts';
import type { ModuleSpec } from '../model/sink-spec.ts';
import type { CallerBody, CallerSink, OpenCallerSink } from './caller-sink.ts';
import { NOWHERE } from './discard-sink.ts';
import type { Body, BodyHead, Committed, Sink } from './sink.ts';

/**
 * @param keepValue gets what the sink returned for a body, with the index of its target
 * @throws SpillwayError ERR_SINK when the module cannot be loaded, or opens no sink
 */
export async function openModuleSink(
  { href, options }: ModuleSpec,
  workerIndex: number,
  keepValue: (index: number, value: unknown) => void,
): Promise<Sink> {
  const open = await loadOpen(href);
  const sink: unknown = await openOrExplain(href, () => open(options, workerIndex));
  if (!isCallerSink(sink)) throw refusal(href, 'a sink with a begin method from its default export', sink);
  return {
    begin: (head) => new ModuleBody(href, sink, head, keepValue),
    close: () => guard(href, 'close', () => sink.close?.()),
  };
}

async function loadOpen(href: string): Promise<OpenCallerSink> {
  let found: unknown;
  try {
    found = ((await import(href)) as { default?: unknown }).default;
  } catch (error) {
    throw new SpillwayError(
      'ERR_SINK',
      `expected a module with a sink, found ${reasonOf(error)} in ${href}`,
      {
        cause: error,
      },
    );
  }
  if (typeof found !== 'function') throw refusal(href, 'a function as default export', found);
  return found as OpenCallerSink;
}

async function openOrExplain(href: string, open: () => unknown): Promise<unknown> {
  try {
    return await open();
  } catch (error) {
    throw new SpillwayError('ERR_SINK', `the sink in ${href} could not be opened: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

class ModuleBody implements Body {
  readonly #href: string;
  readonly #body: CallerBody;
  readonly #keep: (value: unknown) => void;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  constructor(
    href: string,
    sink: CallerSink,
    head: BodyHead,
    keepValue: (index: number, value: unknown) => void,
  ) {
    this.#keep = (value) => keepValue(head.index, value);
    this.#href = href;
    // A plain object, which can be copied and printed.
    this.#body = guard(href, 'begin', () => sink.begin({ ...head, headers: head.headers }));
  }

  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
    guard(this.#href, 'write', () => this.#body.write(chunk));
  }

  commit(): Committed {
    this.#keep(guard(this.#href, 'commit', () => sendable(this.#body.commit())));
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex'), stored: NOWHERE };
  }

  discard(): void {
    try {
      this.#body.discard?.();
    } catch {
      // The body was not to be kept anyway.
    }
  }
}

/**
 * Refuses a value that cannot be sent to another thread: it would end the thread, with every outcome sent beside
 * it.
 */
function sendable(value: unknown): unknown {
  if (value instanceof Promise)
    throw new Error('expected a value from commit, found a promise: commit cannot wait');
  // A view of a larger piece of memory would be sent with all of that memory.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return typeof value === 'object' || typeof value === 'function' ? structuredClone(value) : value;
}

function guard<Result>(href: string, method: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw new SpillwayError('ERR_SINK', `${method} of the sink in ${href} threw: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function refusal(href: string, expected: string, found: unknown): SpillwayError {
  return new SpillwayError('ERR_SINK', `expected ${expected}, found ${typeof found} in ${href}`);
}

function isCallerSink(value: unknown): value is CallerSink {
  return (
    typeof value === 'object' && value !== null && typeof (value as { begin?: unknown }).begin === 'function'
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
