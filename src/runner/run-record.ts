// What a run leaves beside its bodies: every outcome and every failure, a line of JSON each, and the report. Written
// in pieces as outcomes come, before they are counted.

import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SpillwayError } from '../model/errors.ts';
import type { FetchReport } from '../model/fetch-report.ts';
import type { Outcome } from '../model/outcome.ts';
import { makeDirectory } from '../sinks/make-directory.ts';

const OUTCOMES_FILE = 'outcomes.ndjson';
const FAILURES_FILE = 'failures.ndjson';
const REPORT_FILE = 'report.json';

/** Paths of a run's record below its directory. */
export function recordPaths(directory: string): { outcomes: string; failures: string; report: string } {
  return {
    outcomes: join(directory, OUTCOMES_FILE),
    failures: join(directory, FAILURES_FILE),
    report: join(directory, REPORT_FILE),
  };
}

export class RunRecord implements Disposable {
  readonly #paths: ReturnType<typeof recordPaths>;
  readonly #outcomesFd: number;
  #failuresFd = -1;

  /** @throws SpillwayError ERR_SINK when the directory cannot be written to, ERR_OPTION when it holds a run already */
  constructor(directory: string) {
    this.#paths = recordPaths(directory);
    try {
      makeDirectory(directory);
      this.#outcomesFd = openSync(this.#paths.outcomes, 'wx');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
        throw new SpillwayError(
          'ERR_OPTION',
          `--to: expected a place without a run, found one in ${directory}: choose another place or remove it`,
        );
      }
      throw writeError(directory, error);
    }
  }

  add(outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return;
    const lines = outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`);
    try {
      writeWhole(this.#outcomesFd, lines.join(''));
      const failures = lines.filter((_, at) => outcomes[at]?.kind === 'failed');
      if (failures.length === 0) return;
      if (this.#failuresFd === -1) this.#failuresFd = openSync(this.#paths.failures, 'w');
      writeWhole(this.#failuresFd, failures.join(''));
    } catch (error) {
      throw writeError(this.#paths.outcomes, error);
    }
  }

  finish(report: FetchReport): void {
    try {
      writeFileSync(this.#paths.report, `${JSON.stringify(report, null, 2)}\n`);
    } catch (error) {
      throw writeError(this.#paths.report, error);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#outcomesFd);
    if (this.#failuresFd !== -1) closeSync(this.#failuresFd);
  }
}

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; ) start += writeSync(fd, bytes, start);
}

function writeError(path: string, cause: unknown): SpillwayError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new SpillwayError(
    'ERR_SINK',
    `could not write ${path}: ${problem}: free space there or choose another place with --to`,
    { cause },
  );
}
