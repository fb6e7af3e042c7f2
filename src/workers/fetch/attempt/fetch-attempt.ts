// One request for a job, from its dispatch to its last byte: judges the head, hands the body on, keeps the deadlines.
// Says once how it ended; whether there is another attempt is the engine's to decide.

import type { FailureCode } from '../../../model/errors.ts';
import type { FetchLimits } from '../../../model/fetch-task.ts';
import type { Sink } from '../../../sinks/sink.ts';
import { type AnswerRules, factsOf, judgeAnswer, promisedBytesOf } from './answer-head.ts';
import { AttemptClock, type Phase } from './attempt-clock.ts';
import { type AttemptEnd, attemptFailure } from './attempt-end.ts';
import { BodyIntake } from './body-intake.ts';
import { classify, describeError } from '../../../transport/classify.ts';
import type { FetchJob } from './fetch-job.ts';
import type { AnswerLoss, AnswerReceiver, RequestControl } from '../../../transport/fetch-transport.ts';
import type { HeaderView } from '../../../transport/lane.ts';

/** What all attempts of a worker share. */
export interface AttemptContext extends AnswerRules {
  readonly sink: Sink;
  readonly limits: FetchLimits;
  readonly isDecoding: boolean;
  /** The request is on its way over a connection that stands. */
  onSent(): void;
  /** Something has come from the origin. */
  onHeard(attempt: FetchAttempt): void;
  /** Milliseconds to read nothing, after `bytes` more have arrived. */
  onBytes(bytes: number): number;
  /** Called once; the attempt is not used again. */
  onOver(attempt: FetchAttempt, end: AttemptEnd): void;
}

/** What is read of a body that nobody wants, to keep its connection; beyond it the connection is cut. */
const MAX_UNWANTED_BYTES = 64 * 1024;

export class FetchAttempt implements AnswerReceiver {
  readonly job: FetchJob;
  readonly #context: AttemptContext;
  readonly #clock: AttemptClock;
  #control: RequestControl | null = null;
  /** The transport has said its last word. */
  #isAnswered = false;
  #sentAtMs = 0;
  #promisedBytes: number | null = null;
  /** Reasons not to read on: the decoder is full, the rate is spent. */
  #holds = 0;
  #intake: BodyIntake | null = null;
  /** How the attempt ends once the unwanted body is out of the way. */
  #verdict: AttemptEnd | null = null;

  constructor(job: FetchJob, context: AttemptContext) {
    this.job = job;
    this.#context = context;
    this.#clock = new AttemptClock(context.limits, job.attemptStartedAtMs);
  }

  get phase(): Phase {
    return this.#clock.phase;
  }

  /** When its request went out, by `nowMs`; 0 when it has not. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  /** When the phase began, or the last piece of a body came. */
  get sinceMs(): number {
    return this.#clock.sinceMs;
  }

  /** Milliseconds until it is given up; null where nothing bounds it. */
  leftMs(atMs: number): number | null {
    return this.#clock.leftMs(atMs);
  }

  /** How its request is held or let go; comes after the request was sent, which may have failed by then. */
  steer(control: RequestControl): void {
    if (this.phase === 'over') control.leave();
    else this.#control = control;
  }

  onSent(): void {
    if (this.phase === 'over') return;
    this.#clock.enter('waiting');
    this.#sentAtMs = this.#clock.sinceMs;
    this.#context.onSent();
  }

  onHead(status: number, statusText: string, view: HeaderView): void {
    if (this.phase === 'over') return;
    this.#clock.enter('receiving');
    this.#context.onHeard(this);
    this.job.status = status;
    this.#promisedBytes = promisedBytesOf(view);
    this.#verdict = judgeAnswer(this.job, status, view, this.#context);
    if (this.#verdict !== null) return;
    this.job.facts = factsOf(view);
    this.#intake = this.#openIntake();
    this.#intake.begin({ status, statusText, view });
  }

  onData(chunk: Buffer): void {
    if (this.phase === 'over') return;
    this.#clock.count(chunk.length);
    this.#context.onHeard(this);
    const waitMs = this.#context.onBytes(chunk.length);
    if (waitMs > 0) this.#holdFor(waitMs);
    if (this.#verdict === null) this.#intake?.take(chunk);
    else if (this.#clock.bytes > MAX_UNWANTED_BYTES) this.#finish(this.#verdict);
  }

  onEnd(): void {
    if (this.phase === 'over') return;
    this.#isAnswered = true;
    if (this.#verdict !== null) this.#finish(this.#verdict);
    else this.#intake?.end();
  }

  onError(error: unknown, loss: AnswerLoss): void {
    if (this.phase === 'over') return;
    this.#isAnswered = true;
    if (loss === 'stale') {
      this.#finish({ kind: 'stale', detail: describeError(error) });
      return;
    }
    const code = classify(error);
    const isCut = code === 'connection-lost' || code === 'body-mismatch';
    if (isCut && this.#promisedBytes !== null && this.phase === 'receiving') {
      this.#fail(
        'body-mismatch',
        `expected ${this.#promisedBytes} bytes, found ${this.#clock.bytes}: ${describeError(error)}`,
      );
    } else {
      this.#fail(code, describeError(error));
    }
  }

  /** Ends the attempt if one of its limits has passed. Called by the engine's sweep. */
  check(atMs: number): void {
    const failure = this.#clock.check(atMs, this.#holds > 0);
    // Once the head has said how this ends, nothing that befalls the unwanted body matters.
    if (failure !== null) this.#finish(this.#verdict ?? failure);
  }

  /** Ends the attempt at the caller's wish. */
  cut(reason: string): void {
    this.#finish(attemptFailure('aborted', reason));
  }

  /** Takes it back; the job is not the worse for it. */
  withdraw(): void {
    this.#finish({ kind: 'withdrawn' });
  }

  #openIntake(): BodyIntake {
    const { sink, limits, isDecoding } = this.#context;
    return new BodyIntake({
      job: this.job,
      sink,
      limits,
      isDecoding,
      promisedBytes: this.#promisedBytes,
      onCommitted: (committed) => {
        this.#finish({ kind: 'ok', committed, wireBytes: this.#clock.bytes });
      },
      onLost: (end) => this.#finish(end),
      onHold: () => this.#hold(),
      onRelease: () => this.#release(),
    });
  }

  #holdFor(durationMs: number): void {
    this.#hold();
    setTimeout(() => this.#release(), durationMs);
  }

  #hold(): void {
    this.#holds++;
    this.#control?.pause();
  }

  #release(): void {
    this.#holds--;
    if (this.#holds === 0 && this.phase !== 'over') this.#control?.resume();
  }

  #fail(code: FailureCode, detail: string): void {
    this.#finish(this.#verdict ?? attemptFailure(code, detail));
  }

  #finish(end: AttemptEnd): void {
    if (this.phase === 'over') return;
    this.#clock.enter('over');
    this.#intake?.discard();
    // An answer that is not whole has a connection that is of no use to anybody.
    if (!this.#isAnswered) this.#control?.abort(new Error('the attempt is over'));
    this.#control?.leave();
    this.#control = null;
    this.#context.onOver(this, end);
  }
}
