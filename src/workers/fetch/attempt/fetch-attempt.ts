// One request for a job, from its dispatch to its last byte: judges the head, hands the body on, keeps the deadlines.
// Says once how it ended; whether there is another attempt is the engine's to decide.

import type { LargeBody } from '../../../model/body/body-progress.ts';
import type { FailureCode } from '../../../model/errors.ts';
import type { FetchLimits } from '../../../model/fetch-task.ts';
import type { Continuation, PartialBody } from '../../../model/body/partial-body.ts';
import type { Sink } from '../../../sinks/sink.ts';
import { factsOf, promisedBytesOf } from './answer-fields.ts';
import { type AnswerRules, judgeAnswer } from './answer-head.ts';
import { AttemptClock, type Phase } from './attempt-clock.ts';
import { type AttemptEnd, attemptFailure, internalFailure } from './attempt-end.ts';
import { continuationOf, judgeRest, type KeptBody, type RestVerdict } from './body-continuation.ts';
import { BodyIntake, type IntakeParts } from './body-intake.ts';
import { classify, describeError } from '../../../transport/classify.ts';
import type { DecoderMemory } from './decoder-memory.ts';
import type { FetchJob } from './fetch-job.ts';
import type { AnswerLoss, AnswerReceiver, RequestControl } from '../../../transport/fetch-transport.ts';
import type { HeaderView } from '../../../transport/lane.ts';

/** What all attempts of a worker share. */
export interface AttemptContext extends AnswerRules {
  readonly sink: Sink;
  readonly limits: FetchLimits;
  readonly isDecoding: boolean;
  /** The sink writes the heads of answers, too. */
  readonly keepsHeads: boolean;
  /** The length of a body that was cut is enough to go on with it. */
  readonly continuesWithoutValidator: boolean;
  /** What came of a body is told once it is worth going on with in another process. */
  onLarge(attempt: FetchAttempt, partial: PartialBody): void;
  /** A body that was begun is another one at its server now. */
  onChanged(): void;
  /** The other side is waited for from now on. */
  onNamed(attempt: FetchAttempt): void;
  readonly decoderMemory: DecoderMemory;
  /** The request is on its way over a connection that stands. */
  onSent(attempt: FetchAttempt): void;
  /** Its origin asked for a pause that is not over. */
  isPaused(attempt: FetchAttempt): boolean;
  /** Something has come from the origin. */
  onHeard(attempt: FetchAttempt): void;
  /** Milliseconds to read nothing, after `bytes` more have arrived. */
  onBytes(bytes: number): number;
  /** Called once; the attempt is not used again. */
  onOver(attempt: FetchAttempt, end: AttemptEnd): void;
}

/** Failures of a body that had begun, of which what came is right as far as it came. */
const CUTS: ReadonlySet<FailureCode> = new Set([
  'connection-lost',
  'body-mismatch',
  'idle-timeout',
  'total-timeout',
  'too-slow',
  'stalled',
  'aborted',
]);
/** What is read of a body that nobody wants, to keep its connection; beyond it the connection is cut. */
const MAX_UNWANTED_BYTES = 64 * 1024;

export class FetchAttempt implements AnswerReceiver {
  readonly job: FetchJob;
  /** Its place in the run slots' list of what is in flight. */
  cell = -1;
  readonly #context: AttemptContext;
  readonly #clock: AttemptClock;
  /** Its place at the origin is another's already. */
  isReleased = false;
  #control: RequestControl | null = null;
  /** The transport has ended. */
  #isAnswered = false;
  #sentAtMs = 0;
  #connectMs = 0;
  /** Its host had addresses before it was over. */
  isNamed = false;
  #promisedBytes: number | null = null;
  /** Reasons not to read on: the decoder is full, the rate is spent. */
  #holds = 0;
  #intake: BodyIntake | null = null;
  /** What its request asks for the rest of; null for a body from its beginning. */
  readonly #continued: KeptBody | null;
  /** Bytes of the body that were there before it. */
  #bytesBefore = 0;
  /** How the attempt ends once the unwanted body is out of the way. */
  #verdict: AttemptEnd | null = null;
  /** What was thrown while this attempt was open, nobody knows on whose behalf. */
  #stray: string | null = null;

  constructor(job: FetchJob, context: AttemptContext) {
    this.job = job;
    this.#context = context;
    this.#continued = job.continued;
    this.#clock = new AttemptClock(context.limits, job.attemptStartedAtMs);
  }

  get phase(): Phase {
    return this.#clock.phase;
  }

  /** How long its request waited for a connection. */
  get connectMs(): number {
    return this.#connectMs;
  }

  /** When its request went out, by `nowMs`; 0 when it has not. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  /** How far its body has come; null before it begins, and where nobody wants it. */
  get body(): LargeBody | null {
    if (this.#intake === null) return null;
    const bytes = this.#bytesBefore + this.#clock.bytes;
    const totalBytes = this.#promisedBytes === null ? null : this.#bytesBefore + this.#promisedBytes;
    return { index: this.job.target.index, bytes, totalBytes };
  }

  /** Body bytes that came with it, as sent. */
  get broughtBytes(): number {
    return this.#clock.bytes;
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

  onNamed(): void {
    this.#guard(() => {
      if (this.phase !== 'naming') return;
      this.isNamed = true;
      this.job.attemptStartedAtMs += this.#clock.begin();
      this.#context.onNamed(this);
    });
  }

  maySend(): boolean {
    // A request that has found its connection would come in the middle of a pause.
    if (this.#sentAtMs === 0 && this.phase !== 'over' && this.#context.isPaused(this)) this.withdraw();
    return this.phase !== 'over';
  }

  onSent(): void {
    this.#guard(() => {
      this.#connectMs = this.#clock.enter('waiting');
      this.#sentAtMs = this.#clock.sinceMs;
      this.#context.onSent(this);
    });
  }

  onHead(status: number, statusText: string, view: HeaderView): void {
    this.#guard(() => this.#takeHead(status, statusText, view));
  }

  #takeHead(status: number, statusText: string, view: HeaderView): void {
    this.#clock.enter('receiving');
    this.#context.onHeard(this);
    this.job.status = status;
    this.#promisedBytes = promisedBytesOf(view);
    const rest = this.#continued === null ? null : judgeRest(this.#continued, status, view);
    if (rest !== null && rest.kind !== 'anew') {
      this.#goOn(this.#continued as KeptBody, rest);
      return;
    }
    this.#verdict = judgeAnswer(this.job, status, view, this.#context);
    if (this.#verdict !== null) return;
    this.#beginAnew(rest);
    this.job.facts = factsOf(view);
    const { continuesWithoutValidator } = this.#context;
    const continuation = continuationOf(this.job, status, view, continuesWithoutValidator);
    this.#intake = this.#openIntake({
      rest: null,
      continuation: this.#mayContinue ? continuation : null,
      totalBytes: continuation === null ? null : knownLength(this.job, continuation),
    });
    this.#intake.begin({ status, statusText, view });
  }

  get #mayContinue(): boolean {
    return this.job.mayContinue && !this.#context.asksForPart(this.job);
  }

  /** The body comes from its beginning: what came of it before is of no use. */
  #beginAnew(rest: (RestVerdict & { kind: 'anew' }) | null): void {
    const { job } = this;
    job.dropKept();
    if (rest === null) return;
    if (rest.isChanged) this.#context.onChanged();
    // The same body, whole, where its rest was asked for: a server that knows no ranges.
    else job.mayContinue = false;
  }

  /** The answer says that it is the rest of what is there, or that nothing is missing. */
  #goOn(kept: KeptBody, rest: Exclude<RestVerdict, { kind: 'anew' }>): void {
    const { job } = this;
    if (rest.kind === 'unfit') {
      this.#verdict = { kind: 'anew', detail: rest.detail };
      return;
    }
    job.kept = null;
    job.status = kept.head.status;
    job.facts = kept.facts;
    this.#bytesBefore = kept.bytes;
    const totalBytes = rest.kind === 'whole' ? kept.bytes : rest.totalBytes;
    const endBytes = rest.kind === 'whole' ? kept.bytes : rest.endBytes;
    this.#intake = this.#openIntake({
      rest: { kept, endBytes },
      continuation: { ...kept, totalBytes },
      totalBytes,
    });
    if (rest.kind === 'whole') this.#intake.end();
  }

  onData(chunk: Buffer): void {
    this.#guard(() => {
      this.#clock.count(chunk.length);
      this.#context.onHeard(this);
      const waitMs = this.#context.onBytes(chunk.length);
      if (waitMs > 0) this.#holdFor(waitMs);
      if (this.#verdict === null) this.#intake?.take(chunk);
      else if (this.#clock.bytes > MAX_UNWANTED_BYTES) this.#finish(this.#verdict);
    });
  }

  onEnd(): void {
    this.#guard(() => {
      this.#isAnswered = true;
      if (this.#verdict !== null) this.#finish(this.#verdict);
      else this.#intake?.end();
    });
  }

  onError(error: unknown, loss: AnswerLoss): void {
    this.#guard(() => {
      this.#isAnswered = true;
      this.#finish(this.#lossEnd(error, loss));
    });
  }

  #lossEnd(error: unknown, loss: AnswerLoss): AttemptEnd {
    if (loss === 'stale') return { kind: 'stale', detail: describeError(error) };
    if (this.#verdict !== null) return this.#verdict;
    const code = classify(error);
    const isCut = code === 'connection-lost' || code === 'body-mismatch';
    if (isCut && this.#promisedBytes !== null && this.phase === 'receiving') {
      return attemptFailure(
        'body-mismatch',
        `expected ${this.#promisedBytes} bytes, found ${this.#clock.bytes}: ${describeError(error)}`,
      );
    }
    return attemptFailure(code, describeError(error));
  }

  /** Ends the attempt if one of its limits has passed. Called by the engine's sweep. */
  check(atMs: number): void {
    this.#guard(() => {
      const failure = this.#clock.check(atMs, this.#holds > 0);
      if (failure === null) return;
      // Once the head has said how this ends, nothing that befalls the unwanted body matters.
      this.#finish(
        this.#verdict ?? (this.#stray === null ? failure : attemptFailure('internal', this.#stray)),
      );
    });
  }

  /** Ends the attempt at the caller's wish. */
  cut(reason: string): void {
    this.#finish(attemptFailure('aborted', reason));
  }

  /** Takes it back; the job is not the worse for it. */
  withdraw(): void {
    this.#finish({ kind: 'withdrawn' });
  }

  /** Something was thrown while this attempt was worked at. */
  crash(thrown: unknown): void {
    this.#finish(internalFailure(thrown));
  }

  /** Something was thrown that nobody can tell whose it is: the cause, should nothing more come of this attempt. */
  suspect(text: string): void {
    this.#stray ??= text;
  }

  /** Whatever is thrown on behalf of this attempt ends it, and nothing else. */
  #guard(work: () => void): void {
    if (this.phase === 'over') return;
    try {
      work();
    } catch (error) {
      this.crash(error);
    }
  }

  #openIntake(how: Pick<IntakeParts, 'rest' | 'continuation' | 'totalBytes'>): BodyIntake {
    const { sink, limits, isDecoding, keepsHeads, decoderMemory } = this.#context;
    return new BodyIntake({
      ...how,
      job: this.job,
      sink,
      limits,
      isDecoding,
      keepsHeads,
      decoderMemory,
      promisedBytes: this.#promisedBytes,
      onLarge: (partial) => this.#context.onLarge(this, partial),
      onCommitted: (committed) => {
        this.#finish({ kind: 'ok', committed, wireBytes: this.#bytesBefore + this.#clock.bytes });
      },
      onLost: (end) => this.#finish(end),
      onHold: () => this.#hold(),
      onRelease: () => this.#guard(() => this.#release()),
    });
  }

  #holdFor(durationMs: number): void {
    this.#hold();
    setTimeout(() => this.#guard(() => this.#release()), durationMs);
  }

  #hold(): void {
    this.#holds++;
    this.#control?.pause();
  }

  #release(): void {
    this.#holds--;
    if (this.#holds === 0 && this.phase !== 'over') this.#control?.resume();
  }

  #finish(end: AttemptEnd): void {
    if (this.phase === 'over') return;
    this.#clock.enter('over');
    this.#context.onOver(this, this.#letGo(end));
  }

  /** Gives back what the attempt holds. @returns `end`, unless that throws */
  #letGo(end: AttemptEnd): AttemptEnd {
    const control = this.#control;
    this.#control = null;
    try {
      this.#letGoOfBody(end);
      // An answer that is not whole has a connection that is of no use to anybody.
      if (!this.#isAnswered) control?.abort(new Error('the attempt is over'));
      control?.leave();
      return end;
    } catch (error) {
      return end.kind === 'ok' ? end : internalFailure(error);
    }
  }

  /** What came of the body stays where another attempt may go on with it. */
  #letGoOfBody(end: AttemptEnd): void {
    const { job } = this;
    if (end.kind === 'anew') {
      job.mayContinue = false;
      job.dropKept();
    }
    const intake = this.#intake;
    if (intake === null) return;
    const isCut = end.kind === 'failed' && CUTS.has(end.code);
    // Of a body in a coding the next attempt asks for one without.
    if (isCut && intake.isDecoding && job.mayContinue) job.wantsIdentity = true;
    job.kept = isCut ? intake.suspend() : null;
    if (job.kept === null) intake.discard();
  }
}

/** What is known of the length of a body under its strong tag, which the first answer that says it tells. */
function knownLength(job: FetchJob, { validator, totalBytes }: Continuation): number | null {
  if (validator?.startsWith('"') !== true) return null;
  if (job.known?.tag === validator) return job.known.totalBytes;
  job.known = totalBytes === null ? null : { tag: validator, totalBytes };
  return null;
}
