// A run as it lies on disk when it is over, made by its own sinks and journal without a network.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { OkOutcome, Outcome } from '../../../../src/model/outcome.ts';
import type { SinkSpec } from '../../../../src/model/sink-spec.ts';
import { openOutput } from '../../../../src/runner/fetch/record/fetch-output.ts';
import { Journal } from '../../../../src/runner/fetch/record/journal.ts';
import { openSink } from '../../../../src/sinks/open-sink.ts';
import { makeHead, store } from '../../../sinks/body-head.ts';

export interface StoredBody {
  readonly index: number;
  readonly url: string;
  readonly content: Buffer;
}

export interface StoredRunOptions {
  /** What `--to` would be. */
  readonly to: string;
  readonly bodies: readonly StoredBody[];
  /** @default 1 */
  readonly workerCount?: number;
  readonly segmentBytes?: number;
  /** Journaled besides the bodies. */
  readonly others?: readonly Outcome[];
  /** @default all that is given */
  readonly targetCount?: number | null;
}

/** As a run of that `--to` has it. */
export function specFor(
  to: string,
  segmentBytes = 1e9,
): { readonly spec: SinkSpec; readonly record: string } {
  const options = { to, nameTemplate: null, segmentBytes, software: 'spillway/test', found: null };
  const { sink, record } = openOutput(options, new Date());
  return { spec: sink, record };
}

/** Stores and journals everything; resolves to what the journal has of it. */
export function storeRun(options: StoredRunOptions): OkOutcome[] {
  const { to, bodies, workerCount = 1, segmentBytes, others = [] } = options;
  mkdirSync(dirname(to), { recursive: true });
  const { spec, record } = specFor(to, segmentBytes);
  const sinks = Array.from({ length: workerCount }, (_, worker) => openSink(spec, worker));
  const outcomes = bodies.map(({ index, url, content }, at): OkOutcome => {
    const { bytes, sha256, stored } = store(
      sinks[at % workerCount] as (typeof sinks)[number],
      makeHead({ index, url }),
      content,
    );
    return {
      kind: 'ok',
      index,
      url,
      line: 0,
      status: 200,
      bytes,
      sha256,
      wireBytes: bytes,
      attempts: 1,
      durationMs: 1,
      stored,
    };
  });
  for (const sink of sinks) sink.close();
  using journal = new Journal({
    directory: record,
    identity: {},
    command: null,
    sink: spec.kind,
    kind: 'fetch',
    version: '0',
  });
  journal.add([...outcomes, ...others]);
  const { targetCount = outcomes.length + others.length } = options;
  journal.finish(targetCount === null ? 'stopped' : 'done', targetCount);
  return outcomes;
}
