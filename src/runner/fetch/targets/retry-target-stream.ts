// The targets of a retry: failed targets from the journal, each with its original index. Does not read the sources
// again, so a list that has changed, or that came through a pipe, can be retried too.

import { type FailureCode } from '../../../model/errors.ts';
import type { FailedOutcome } from '../../../model/outcome.ts';
import type { Target } from '../../../model/target.ts';
import type { TargetStream, TargetGroup } from './fetch-target-stream.ts';
import type { RunRecord } from '../record/run-record.ts';

const GROUP_COUNT = 64;

export class RetryTargetStream implements TargetStream {
  readonly lists = [];
  readonly duplicates = 0;
  readonly hasLogins = false;
  readonly #record: RunRecord;
  readonly #isForeign: (url: string) => boolean;
  readonly #only: (failure: FailedOutcome) => boolean;
  #taken = 0;
  #badLines = 0;

  /**
   * @param only which failures are fetched again; null for all
   * @param isForeign tells whether the origin of a target was not named by the caller
   */
  constructor(
    record: RunRecord,
    only: ((failure: FailedOutcome) => boolean) | null,
    isForeign: (url: string) => boolean,
  ) {
    this.#isForeign = isForeign;
    this.#record = record;
    this.#only = only ?? (() => true);
  }

  /** Targets of the whole run. */
  get count(): number {
    return this.#record.targetsBefore;
  }

  get countAhead(): number {
    return this.#record.targetsBefore;
  }

  async *groups(signal: AbortSignal): AsyncGenerator<TargetGroup> {
    let targets: Target[] = [];
    let takenBack: FailureCode[] = [];
    // A target that fails again is written behind the reader's position, never ahead of it.
    for (const outcome of this.#record.reader.outcomes({ kind: 'failed' })) {
      if (signal.aborted) return;
      const failure = outcome as FailedOutcome;
      if (!this.#only(failure)) continue;
      if (failure.code === 'bad-target') {
        this.#badLines++;
        continue;
      }
      this.#taken++;
      const { index, url, line } = failure;
      targets.push({ index, url, line, ...(this.#isForeign(url) ? { isForeign: true } : {}) });
      takenBack.push(failure.code);
      if (targets.length < GROUP_COUNT) continue;
      yield { targets, settled: [], takenBack };
      targets = [];
      takenBack = [];
    }
    if (targets.length > 0) yield { targets, settled: [], takenBack };
  }

  findings(): string[] {
    const { journal, before, targetsBefore } = this.#record;
    const findings: string[] = [];
    if (this.#taken === 0) findings.push('nothing to retry: no target has failed that way');
    if (this.#badLines > 0) {
      findings.push(
        `${this.#badLines} lines of the list are no targets: mend them and type the command of the run again`,
      );
    }
    if (this.#taken > 0 && journal.meta.hadLogins) {
      findings.push(
        'logins in the URLs of the list are not kept: targets that need one are refused again; give it with --netrc',
      );
    }
    const open = targetsBefore - before.settled;
    if (!journal.wasDone) {
      findings.push(
        `the run did not come to its end${open > 0 ? `: ${open} targets or more have no outcome yet` : ''}; spillway resume goes on with it`,
      );
    }
    return findings;
  }
}
