// Opens bodies that another process or thread has begun before their targets are asked for: one after the
// other, because the bytes that are there are read and hashed first.

import type { PartialBody } from '../../../model/body/partial-body.ts';
import type { Target } from '../../../model/target.ts';
import type { BodyHead, ReopenedBody, Sink } from '../../../sinks/sink.ts';
import type { FetchJob } from '../attempt/fetch-job.ts';

export interface BodyReopenerParts {
  readonly sink: Sink;
  /** The job has the part that is there, or nothing, and may be asked for. */
  onReady(job: FetchJob): void;
  /** The disk refused to open it. */
  onBroken(error: unknown): void;
}

export class BodyReopener {
  readonly #parts: BodyReopenerParts;
  #jobs: FetchJob[] = [];
  #isAtWork = false;

  constructor(parts: BodyReopenerParts) {
    this.#parts = parts;
  }

  /** Jobs that wait for their bodies to be opened. */
  get count(): number {
    return this.#jobs.length;
  }

  /** True where the sink can open the part that is there of the job's body. */
  takes({ partial }: Target): boolean {
    return partial !== undefined && this.#parts.sink.reopen !== undefined;
  }

  add(job: FetchJob): void {
    this.#jobs.push(job);
    if (!this.#isAtWork) void this.#openAll();
  }

  /** Takes out all jobs when the run is stopped; the parts that are there stay for another run. */
  takeAll(): FetchJob[] {
    return this.#jobs.splice(0);
  }

  async #openAll(): Promise<void> {
    this.#isAtWork = true;
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        const partial = job.target.partial as PartialBody;
        const reopened = await this.#parts.sink.reopen?.(headOf(job, partial), partial.file);
        if (this.#jobs[0] !== job) continue;
        if (reopened != null) keep(job, partial, reopened);
      } catch (error) {
        this.#parts.onBroken(error);
      }
      if (this.#jobs[0] !== job) continue;
      this.#jobs.shift();
      this.#parts.onReady(job);
    }
    this.#isAtWork = false;
  }
}

function headOf({ target, shownUrl }: FetchJob, { head, totalBytes, facts }: PartialBody): BodyHead {
  const { index, line } = target;
  // For a directory, the head was stored without fields; Last-Modified is added, because the file may take
  // its time from it.
  const headers =
    head.headers.length === 0 && facts.lastModified !== undefined
      ? [['last-modified', facts.lastModified] as const]
      : head.headers;
  return { ...head, headers, index, line, url: shownUrl, isDecoded: false, expectedBytes: totalBytes };
}

function keep(job: FetchJob, partial: PartialBody, { body, bytes }: ReopenedBody): void {
  const { resource, validator, totalBytes, facts, head } = partial;
  job.kept = { resource, validator, totalBytes, facts, head, body, bytes, isTold: true };
}
