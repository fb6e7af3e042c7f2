// One request for a job, from its dispatch to its last byte: judges the head, decodes the body under a cap and hands
// it to the sink. Says once how it ended; whether there is another attempt is the engine's to decide.

import { nowMs } from '../measure/clock.ts';
import type { FailureCode, SpillwayError } from '../model/errors.ts';
import type { FetchLimits } from '../model/fetch-task.ts';
import { parseRetryAfterMs } from '../model/retry-policy.ts';
import type { Body, BodyHead, Committed, Sink } from '../sinks/sink.ts';
import { classify, describeError } from './classify.ts';
import { ContentDecoder, parseCodings } from './content-decoder.ts';
import { type FetchJob, shownUrlOf } from './fetch-job.ts';
import type { AnswerLoss, AnswerReceiver, RequestControl } from './fetch-transport.ts';
import type { HeaderView } from './lane.ts';

/** How an attempt ended. `broken`: the sink could not write, which no attempt can mend. */
export type AttemptEnd =
  | {
      readonly kind: 'ok';
      readonly committed: Committed;
      readonly finalUrl: string;
      readonly wireBytes: number;
    }
  | { readonly kind: 'redirect'; readonly to: URL }
  | {
      readonly kind: 'failed';
      readonly code: FailureCode;
      readonly detail: string;
      readonly retryAfterMs: number;
    }
  /** Its kept connection had ended before it was answered. */
  | { readonly kind: 'stale'; readonly detail: string }
  | { readonly kind: 'broken'; readonly error: SpillwayError };

/** What all attempts of a worker share. */
export interface AttemptContext {
  readonly sink: Sink;
  readonly limits: FetchLimits;
  readonly isDecoding: boolean;
  /** The request is on its way over a connection that stands. */
  onSent(): void;
  /** Milliseconds to read nothing, after `bytes` more have arrived. */
  onBytes(bytes: number): number;
  /** Called once; the attempt is not used again. */
  onOver(attempt: FetchAttempt, end: AttemptEnd): void;
}

/** What is read of a body that nobody wants, to keep its connection; beyond it the connection is cut. */
const MAX_UNWANTED_BYTES = 64 * 1024;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

type Phase = 'connecting' | 'waiting' | 'receiving' | 'over';

export class FetchAttempt implements AnswerReceiver {
  readonly job: FetchJob;
  readonly #context: AttemptContext;
  #control: RequestControl | null = null;
  /** The transport has said its last word. */
  #isAnswered = false;
  #phase: Phase = 'connecting';
  /** When the phase began, or the last piece of a body came. */
  #sinceMs = nowMs();
  #windowStartMs = 0;
  #windowBytes = 0;
  #wireBytes = 0;
  #keptBytes = 0;
  #promisedBytes: number | null = null;
  /** Reasons not to read on: the decoder is full, the rate is spent. */
  #holds = 0;
  #body: Body | null = null;
  #decoder: ContentDecoder | null = null;
  /** How the attempt ends once the unwanted body is out of the way. */
  #verdict: AttemptEnd | null = null;

  constructor(job: FetchJob, context: AttemptContext) {
    this.job = job;
    this.#context = context;
  }

  /** How its request is held or let go; comes after the request was sent, which may have failed by then. */
  steer(control: RequestControl): void {
    if (this.#phase === 'over') control.leave();
    else this.#control = control;
  }

  onSent(): void {
    if (this.#phase === 'over') return;
    this.#enter('waiting');
    this.#context.onSent();
  }

  onHead(status: number, statusText: string, view: HeaderView): void {
    if (this.#phase === 'over') return;
    this.#enter('receiving');
    this.#windowStartMs = this.#sinceMs;
    this.job.status = status;
    const length = view.get('content-length');
    if (length !== undefined && /^\d{1,16}$/u.test(length)) this.#promisedBytes = Number(length);
    if (status < 300) this.#beginBody(status, statusText, view);
    else this.#verdict = REDIRECTS.has(status) ? this.#judgeRedirect(view) : this.#judgeStatus(status, view);
  }

  onData(chunk: Buffer): void {
    if (this.#phase === 'over') return;
    this.#sinceMs = nowMs();
    this.#wireBytes += chunk.length;
    this.#windowBytes += chunk.length;
    const waitMs = this.#context.onBytes(chunk.length);
    if (waitMs > 0) this.#holdFor(waitMs);
    if (this.#verdict !== null) {
      if (this.#wireBytes > MAX_UNWANTED_BYTES) this.#finish(this.#verdict);
    } else if (this.#decoder === null) {
      this.#keep(chunk);
    } else {
      const { maxBodyBytes } = this.#context.limits;
      if (maxBodyBytes > 0 && this.#wireBytes > maxBodyBytes) this.#fail('body-too-large', this.#capText());
      else if (!this.#decoder.write(Buffer.from(chunk))) this.#hold();
    }
  }

  onEnd(): void {
    if (this.#phase === 'over') return;
    this.#isAnswered = true;
    if (this.#verdict !== null) this.#finish(this.#verdict);
    else if (this.#decoder === null) this.#commit();
    else this.#decoder.end();
  }

  onError(error: unknown, loss: AnswerLoss): void {
    if (this.#phase === 'over') return;
    this.#isAnswered = true;
    if (loss === 'stale') {
      this.#finish({ kind: 'stale', detail: describeError(error) });
      return;
    }
    const code = classify(error);
    const isCut = code === 'connection-lost' || code === 'body-mismatch';
    if (isCut && this.#promisedBytes !== null && this.#phase === 'receiving') {
      this.#fail(
        'body-mismatch',
        `expected ${this.#promisedBytes} bytes, found ${this.#wireBytes}: ${describeError(error)}`,
      );
    } else {
      this.#fail(code, describeError(error));
    }
  }

  /** Ends the attempt if one of its limits has passed. Called by the engine's sweep. */
  check(atMs: number): void {
    const { limits } = this.#context;
    const phaseMs = atMs - this.#sinceMs;
    if (isPast(limits.totalMs, atMs - this.job.attemptStartedAtMs)) {
      this.#fail(
        'total-timeout',
        `expected the whole answer within ${limits.totalMs} ms (--deadline), found ${this.#wireBytes} bytes of it`,
      );
    } else if (this.#phase === 'connecting') {
      if (isPast(limits.connectMs, phaseMs))
        this.#fail('connect-timeout', `expected a connection within ${limits.connectMs} ms`);
    } else if (this.#phase === 'waiting') {
      if (isPast(limits.firstByteMs, phaseMs))
        this.#fail('first-byte-timeout', `expected a first byte within ${limits.firstByteMs} ms`);
    } else if (this.#holds > 0) {
      // The pause is our own.
      this.#sinceMs = atMs;
      this.#windowStartMs = atMs;
      this.#windowBytes = 0;
    } else if (isPast(limits.idleMs, phaseMs)) {
      this.#fail(
        'idle-timeout',
        `expected more of the body within ${limits.idleMs} ms, found ${this.#wireBytes} bytes of it`,
      );
    } else if (isPast(limits.slowWindowMs, atMs - this.#windowStartMs)) {
      this.#checkSpeed(atMs);
    }
  }

  /** Ends the attempt at the caller's wish. */
  cut(reason: string): void {
    this.#fail('aborted', reason);
  }

  #checkSpeed(atMs: number): void {
    const { minBytesPerSec } = this.#context.limits;
    const perSec = (this.#windowBytes * 1000) / (atMs - this.#windowStartMs);
    if (perSec < minBytesPerSec) {
      this.#fail(
        'too-slow',
        `expected ${minBytesPerSec} bytes a second or more, found ${Math.round(perSec)}`,
      );
    }
    this.#windowStartMs = atMs;
    this.#windowBytes = 0;
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#sinceMs = nowMs();
  }

  #beginBody(status: number, statusText: string, view: HeaderView): void {
    const { limits, isDecoding, sink } = this.#context;
    const codings = isDecoding ? parseCodings(view.get('content-encoding')) : [];
    if (codings === null) {
      this.#fail(
        'bad-encoding',
        `expected gzip, br, zstd or deflate, found "${view.get('content-encoding')?.slice(0, 100)}"`,
      );
      return;
    }
    if (limits.maxBodyBytes > 0 && (this.#promisedBytes ?? 0) > limits.maxBodyBytes) {
      this.#fail('body-too-large', `${this.#capText()}, ${this.#promisedBytes} were announced`);
      return;
    }
    if (codings.length > 0) {
      this.#decoder = new ContentDecoder(codings, {
        onData: (chunk) => this.#keep(chunk),
        onEnd: () => this.#commit(),
        onError: (error) =>
          this.#fail('bad-encoding', `expected ${codings.join(', ')}: ${describeError(error)}`),
        onDrain: () => this.#release(),
      });
    }
    const expectedBytes = codings.length > 0 ? null : this.#promisedBytes;
    const head = makeHead(this.job, status, statusText, view, codings.length > 0, expectedBytes);
    this.#guardSink(() => {
      this.#body = sink.begin(head);
    });
  }

  #judgeRedirect(view: HeaderView): AttemptEnd {
    const { maxRedirects } = this.#context.limits;
    const location = view.get('location');
    const to = location === undefined ? null : URL.parse(location, this.job.url.href);
    if (to === null || (to.protocol !== 'http:' && to.protocol !== 'https:')) {
      return failure(
        'bad-redirect',
        `expected an http or https URL in Location, found ${JSON.stringify(location?.slice(0, 200) ?? null)}`,
      );
    }
    if (this.job.hops >= maxRedirects) {
      return failure(
        'too-many-redirects',
        `expected at most ${maxRedirects} redirects, found another to ${shownUrlOf(to).slice(0, 200)}`,
      );
    }
    return { kind: 'redirect', to };
  }

  #judgeStatus(status: number, view: HeaderView): AttemptEnd {
    const retryAfterMs = parseRetryAfterMs(view.get('retry-after'), Date.now());
    return { ...failure('http-status', `expected a status of 2xx, found ${status}`), retryAfterMs };
  }

  #keep(chunk: Buffer): void {
    if (this.#phase === 'over') return;
    const { maxBodyBytes } = this.#context.limits;
    this.#keptBytes += chunk.length;
    if (maxBodyBytes > 0 && this.#keptBytes > maxBodyBytes) this.#fail('body-too-large', this.#capText());
    else this.#guardSink(() => this.#body?.write(chunk));
  }

  #capText(): string {
    return `expected a body of at most ${this.#context.limits.maxBodyBytes} bytes (--max-body)`;
  }

  #commit(): void {
    this.#guardSink(() => {
      const body = this.#body as Body;
      const committed = body.commit();
      this.#body = null;
      this.#finish({ kind: 'ok', committed, finalUrl: shownUrlOf(this.job.url), wireBytes: this.#wireBytes });
    });
  }

  /** Whatever the sink throws ends the attempt and, through the engine, the run. */
  #guardSink(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#finish({ kind: 'broken', error: error as SpillwayError });
    }
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
    if (this.#holds === 0 && this.#phase !== 'over') this.#control?.resume();
  }

  #fail(code: FailureCode, detail: string): void {
    // Once the head has said how this ends, nothing that befalls the unwanted body matters.
    this.#finish(code === 'aborted' ? failure(code, detail) : (this.#verdict ?? failure(code, detail)));
  }

  #finish(end: AttemptEnd): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#decoder?.cancel();
    this.#body?.discard();
    this.#body = null;
    // An answer that is not whole has a connection that is of no use to anybody.
    if (!this.#isAnswered) this.#control?.abort(new Error('the attempt is over'));
    this.#control?.leave();
    this.#control = null;
    this.#context.onOver(this, end);
  }
}

function isPast(limitMs: number, passedMs: number): boolean {
  return limitMs > 0 && passedMs > limitMs;
}

function failure(code: FailureCode, detail: string): AttemptEnd & { kind: 'failed' } {
  return { kind: 'failed', code, detail, retryAfterMs: 0 };
}

/** The head as sinks see it. */
function makeHead(
  job: FetchJob,
  status: number,
  statusText: string,
  view: HeaderView,
  isDecoded: boolean,
  expectedBytes: number | null,
): BodyHead {
  return {
    index: job.target.index,
    line: job.target.line,
    url: job.shownUrl,
    finalUrl: shownUrlOf(job.url),
    status,
    statusText,
    headers: view.entries(),
    receivedAtMs: Date.now(),
    isDecoded,
    expectedBytes,
  };
}
