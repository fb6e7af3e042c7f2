// Records what a worker is about to publish before it does so, so that files which a killed run left under final
// names can be told from a stranger's. One short write each. No record is lost when the process dies; a loss of
// power leaves at worst a file that nobody knows.

import { closeSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isPlainPath, openNew, ownStats } from '../files/own-files.ts';
import { guardWrite } from '../files/sink-error.ts';
import { writeAll } from '../files/write-all.ts';

/**
 * Intents in each of a worker's two files, which are used in turn. More than a worker can have settled without the
 * journal knowing: it is given no more than 100,000 in flight and some thousands ahead.
 */
const INTENTS_PER_FILE = 1 << 17;
/** A longer file is not one of ours. */
const MAX_READ_BYTES = 512 * 2 ** 20;
const NAME = /^claims-(?<worker>\d+)-[01]$/u;

/** A body that is about to get its name: `path` as in `Stored`. */
export interface NameIntent {
  readonly index: number;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A segment of a worker's series: written once before we make it, and again with `isMade` when we made it. */
export interface SegmentIntent {
  readonly segmentIndex: number;
  readonly isMade: boolean;
}

export class IntentLog<Intent extends NameIntent | SegmentIntent> {
  readonly #partial: string;
  readonly #workerIndex: number;
  readonly #intentsPerFile: number;
  #fd = -1;
  #fileCount = 0;
  #count = 0;

  /** @param partial directory of the run itself, where partial bodies wait as well */
  constructor(partial: string, workerIndex: number, intentsPerFile = INTENTS_PER_FILE) {
    this.#partial = partial;
    this.#workerIndex = workerIndex;
    this.#intentsPerFile = intentsPerFile;
  }

  /** @throws SpillwayError ERR_SINK; the caller must not publish the body then */
  add(intent: Intent): void {
    guardWrite('note what is about to be stored', this.#partial, () => {
      if (this.#fd === -1 || this.#count === this.#intentsPerFile) this.#turn();
      this.#count++;
      const line = `${JSON.stringify(intent)}\n`;
      // Writes text, which needs no buffer. A nearly full disk may take only a part of it.
      const written = writeSync(this.#fd, line);
      if (written < Buffer.byteLength(line)) writeAll(this.#fd, Buffer.from(line).subarray(written));
    });
  }

  close(): void {
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Switches to the other file and overwrites it: its intents are in the journal by now. */
  #turn(): void {
    this.close();
    const path = join(this.#partial, `claims-${this.#workerIndex}-${this.#fileCount % 2}`);
    this.#fd = openNew(path);
    this.#fileCount++;
    this.#count = 0;
  }
}

/** Indexes of the workers that left intents. */
export function workersWithIntents(partial: string): number[] {
  const found = new Set<number>();
  for (const name of guardWrite('list', partial, () => readdirSync(partial))) {
    const worker = NAME.exec(name)?.groups?.['worker'];
    if (worker !== undefined) found.add(Number(worker));
  }
  return [...found].sort((a, b) => a - b);
}

/** What a worker noted last, at most two files of it; not in order. */
export function* readIntents<Intent extends NameIntent | SegmentIntent>(
  partial: string,
  workerIndex: number,
): Generator<Intent> {
  for (const number of [0, 1]) {
    for (const line of readLines(join(partial, `claims-${workerIndex}-${number}`))) {
      try {
        const intent = JSON.parse(line) as Intent;
        if (isIntent(intent)) yield intent;
      } catch {
        // The write was cut off by the death of the process, so nothing of it was published.
      }
    }
  }
}

/** Checks the form of a line, because others may have written to the file. */
function isIntent(intent: Partial<NameIntent & SegmentIntent> | null): boolean {
  if (typeof intent !== 'object' || intent === null) return false;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  return 'segmentIndex' in intent
    ? isCount(intent.segmentIndex) && typeof intent.isMade === 'boolean'
    : isCount(intent.index) &&
        isCount(intent.bytes) &&
        isPlainPath(intent.path) &&
        typeof intent.sha256 === 'string';
}

function readLines(path: string): string[] {
  return guardWrite('read', path, () => {
    try {
      const stats = ownStats(path);
      return stats?.isFile() === true && stats.size <= MAX_READ_BYTES
        ? readFileSync(path, 'utf8').split('\n')
        : [];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}
