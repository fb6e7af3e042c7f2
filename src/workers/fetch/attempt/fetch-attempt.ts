// One request for a job, from its dispatch to its last byte: judges the head, passes the body on, keeps the
// deadlines. Reports once how it ended; the engine decides whether another attempt follows.

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
  /** True where the sink also writes the heads of answers. */
  readonly keepsHeads: boolean;
  /** True where a body that was cut may be continued by its length alone. */
  readonly continuesWithoutValidator: boolean;
  /** A body is so large now that another process should be able to continue it. */
  onLarge(attempt: FetchAttempt, partial: PartialBody): void;
  /** The server has a different body now than the one that was begun. */
  onChanged(): void;
  /** The host has addresses: from now on the other side is waited for. */
  onNamed(attempt: FetchAttempt): void;
  readonly decoderMemory: DecoderMemory;
  /** The request has gone out on an established connection. */
  onSent(attempt: FetchAttempt): void;
  /** True while a pause that its origin asked for is not over. */
  isPaused(attempt: FetchAttempt): boolean;
  /** The first bytes have come from the origin. */
  onHeard(attempt: FetchAttempt): void;
  /** Charges `bytes` that arrived. @returns milliseconds to read nothing */
  onBytes(bytes: number): number;
  /** Called once; the attempt is not used again. */
  onOver(attempt: FetchAttempt, end: AttemptEnd): void;
}

/** Failures of a body that had begun after which the part that came is still right. */
const CUTS: ReadonlySet<FailureCode> = new Set([
  'connection-lost',
  'body-mismatch',
  'idle-timeout',
  'total-timeout',
  'too-slow',
  'stalled',
  'aborted',
]);
/** How much of an unwanted body is read to keep its connection; beyond it the connection is cut. */
const MAX_UNWANTED_BYTES = 64 * 1024;

export class FetchAttempt implements AnswerReceiver {
  readonly job: FetchJob;
  /** Its index in the list of attempts in flight that RunSlots keeps. */
  cell = -1;
  readonly #context: AttemptContext;
  readonly #clock: AttemptClock;
  /** True once its room at the origin was given to another attempt. */
  isReleased = false;
  #control: RequestControl | null = null;
  /** True once the transport has ended the request. */
  #isAnswered = false;
  #sentAtMs = 0;
  #connectMs = 0;
  /** True once its host had addresses. */
  isNamed = false;
  #promisedBytes: number | null = null;
  /** Number of reasons not to read on: the decoder is full, the rate is used up. */
  #holds = 0;
  #intake: BodyIntake | null = null;
  /** The part of a body whose rest it asks for; null for a body from its beginning. */
  readonly #continued: KeptBody | null;
  /** Bytes of the body that were there before this attempt. */
  #bytesBefore = 0;
  /** How the attempt ends once the unwanted body has been read. */
  #verdict: AttemptEnd | null = null;
  /** An error that was thrown while this attempt was open, and that may belong to any attempt. */
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

  /** When its request went out, by `nowMs`; 0 where it has not. */
  get sentAtMs(): number {
    return this.#sentAtMs;
  }

  /** How far its body has come; null before it begins, and for an unwanted body. */
  get body(): LargeBody | null {
    if (this.#intake === null) return null;
    const bytes = this.#bytesBefore + this.#clock.bytes;
    const totalBytes = this.#promisedBytes === null ? null : this.#bytesBefore + this.#promisedBytes;
    return { index: this.job.target.index, bytes, totalBytes };
  }

  /** Body bytes that came with this attempt, as sent. */
  get broughtBytes(): number {
    return this.#clock.bytes;
  }

  /** When the phase began, or the last piece of a body came. */
  get sinceMs(): number {
    return this.#clock.sinceMs;
  }

  /** Milliseconds until it is given up; null where it has no limit. */
  leftMs(atMs: number): number | null {
    return this.#clock.leftMs(atMs);
  }

  /** Takes the control of its request. It comes after the request was sent, which may have failed by then. */
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
    // A request that gets its connection only now would arrive during the pause.
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

  /** The body comes from its beginning, so the part that was there is of no use. */
  #beginAnew(rest: (RestVerdict & { kind: 'anew' }) | null): void {
    const { job } = this;
    job.dropKept();
    if (rest === null) return;
    if (rest.isChanged) this.#context.onChanged();
    // The same body, whole, although its rest was asked for: the server knows no ranges.
    else job.mayContinue = false;
  }

  /** Continues a body: the answer is its rest, or says that nothing is missing. */
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
      // Once the head has decided how this ends, the unwanted body does not matter.
      this.#finish(
        this.#verdict ?? (this.#stray === null ? failure : attemptFailure('internal', this.#stray)),
      );
    });
  }

  /** Ends the attempt because the caller asks for it. */
  cancel(reason: string): void {
    this.#finish(attemptFailure('aborted', reason));
  }

  /** Withdraws the attempt, at no cost for its job. */
  withdraw(): void {
    this.#finish({ kind: 'withdrawn' });
  }

  /** Ends the attempt with an error that was thrown during the work on it. */
  crash(thrown: unknown): void {
    this.#finish(internalFailure(thrown));
  }

  /** Notes an error that may belong to any attempt. It becomes this one's cause if a limit ends it later. */
  suspect(text: string): void {
    this.#stray ??= text;
  }

  /** Lets whatever is thrown on behalf of this attempt end this attempt, and nothing else. */
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

  /** Gives back what the attempt holds. @returns `end`, unless giving back throws */
  #letGo(end: AttemptEnd): AttemptEnd {
    const control = this.#control;
    this.#control = null;
    try {
      this.#letGoOfBody(end);
      // The connection of an answer that is not whole cannot be used again.
      if (!this.#isAnswered) control?.abort(new Error('the attempt is over'));
      control?.leave();
      return end;
    } catch (error) {
      return end.kind === 'ok' ? end : internalFailure(error);
    }
  }

  /** Keeps the part of the body that came where another attempt may continue it. */
  #letGoOfBody(end: AttemptEnd): void {
    const { job } = this;
    if (end.kind === 'anew') {
      job.mayContinue = false;
      job.dropKept();
    }
    const intake = this.#intake;
    if (intake === null) return;
    const isCut = end.kind === 'failed' && CUTS.has(end.code);
    // A coded body cannot be continued, so the next attempt asks for one without a coding.
    if (isCut && intake.isDecoding && job.mayContinue) job.wantsIdentity = true;
    job.kept = isCut ? intake.suspend() : null;
    if (job.kept === null) intake.discard();
  }
}

/**
 * The length that an earlier answer under the same strong tag stated. Else null, and the length of this
 * answer is noted.
 */
function knownLength(job: FetchJob, { validator, totalBytes }: Continuation): number | null {
  if (validator?.startsWith('"') !== true) return null;
  if (job.known?.tag === validator) return job.known.totalBytes;
  job.known = totalBytes === null ? null : { tag: validator, totalBytes };
  return null;
}
