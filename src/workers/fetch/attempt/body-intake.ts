// Takes a body from the socket to its sink: removes content codings, checks the size cap before and after
// that, and holds back reading while the decoder is full. Reports once how it ended.

import type { FetchLimits } from '../../../model/fetch-task.ts';
import { type Continuation, LEAST_KEPT_BYTES, type PartialBody } from '../../../model/body/partial-body.ts';
import type { Body, Committed, Sink } from '../../../sinks/sink.ts';
import { AnswerHead, type AnswerStart } from './answer-head.ts';
import { type AttemptEnd, attemptFailure, internalFailure } from './attempt-end.ts';
import { describeError } from '../../../transport/classify.ts';
import type { KeptBody } from './body-continuation.ts';
import { singleField } from './answer-fields.ts';
import { codingsToTakeOff, ContentDecoder, parseCodings } from './content-decoder.ts';
import type { DecoderMemory } from './decoder-memory.ts';
import type { FetchJob } from './fetch-job.ts';
import { SpillwayError } from '../../../model/errors.ts';

/** Transfer codings that are already removed: undici removes chunked, and ignores any others beside it. */
const TAKEN_OFF = /^[\t ]*(?:chunked|identity)?[\t ]*$/iu;

export interface IntakeParts {
  readonly job: FetchJob;
  readonly sink: Sink;
  readonly limits: FetchLimits;
  readonly isDecoding: boolean;
  /** True where the sink also writes the heads of answers. */
  readonly keepsHeads: boolean;
  readonly decoderMemory: DecoderMemory;
  /** The length that the head states; null where it states none. */
  readonly promisedBytes: number | null;
  /**
   * Where the answer is the rest of a body: the part that is there, and where the rest ends. Null for a body
   * from its beginning.
   */
  readonly rest: { readonly kept: KeptBody; readonly endBytes: number } | null;
  /** How the body may be continued if it is cut; null where it cannot be. */
  readonly continuation: Continuation | null;
  /** Length of the whole body, even where the framing does not say it; null where it is unknown. */
  readonly totalBytes: number | null;
  /** The body is now so large that another process should be able to continue it. */
  onLarge(partial: PartialBody): void;
  /** The body is whole and kept. */
  onCommitted(committed: Committed): void;
  /** The body cannot be kept. */
  onLost(end: AttemptEnd): void;
  /** Read nothing more until `onRelease`. */
  onHold(): void;
  onRelease(): void;
}

export class BodyIntake {
  readonly #parts: IntakeParts;
  #body: Body | null = null;
  #decoder: ContentDecoder | null = null;
  #wireBytes = 0;
  #keptBytes = 0;
  #head: PartialBody['head'] | null = null;
  #isTold = false;
  #isOver = false;
  #isHolding = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    if (parts.rest === null) return;
    const { body, bytes, head, isTold } = parts.rest.kept;
    this.#body = body;
    this.#keptBytes = bytes;
    this.#head = head;
    this.#isTold = isTold;
  }

  /** True while a content coding is being removed. */
  get isDecoding(): boolean {
    return this.#decoder !== null;
  }

  /** Opens the sink, or reports what is wrong before a byte is read. */
  begin(start: AnswerStart): void {
    const { job, limits, isDecoding, sink, promisedBytes } = this.#parts;
    const framing = start.view.get('transfer-encoding');
    if (framing !== undefined && !TAKEN_OFF.test(framing)) {
      const found = JSON.stringify(framing.slice(0, 100));
      this.#fail('bad-encoding', `expected chunked and no other transfer coding, found ${found}`);
      return;
    }
    const coding = start.view.get('content-encoding');
    const allCodings = isDecoding ? parseCodings(coding) : [];
    if (allCodings === null) {
      const found = JSON.stringify(coding?.slice(0, 100));
      this.#fail('bad-encoding', `expected gzip, br, zstd or deflate, found ${found}`);
      return;
    }
    const codings =
      allCodings.length === 0
        ? allCodings
        : codingsToTakeOff(allCodings, namesOf(job, start.view), singleField(start.view, 'content-type'));
    if (limits.maxBodyBytes > 0 && (promisedBytes ?? 0) > limits.maxBodyBytes) {
      this.#fail('body-too-large', `${this.#capText()}, ${promisedBytes} were announced`);
      return;
    }
    const isDecoded = codings.length > 0;
    if (isDecoded) this.#decoder = this.#openDecoder(codings);
    const head = new AnswerHead(job, start, { isDecoded, expectedBytes: isDecoded ? null : promisedBytes });
    this.#guardSink(() => {
      this.#body = sink.begin(head);
      if (this.#parts.continuation !== null) this.#head = head;
    });
  }

  /** Takes bytes as sent; `chunk` is valid only during the call. */
  take(chunk: Buffer): void {
    this.#wireBytes += chunk.length;
    if (this.#decoder === null) {
      this.#keep(chunk);
      return;
    }
    const { maxBodyBytes } = this.#parts.limits;
    if (maxBodyBytes > 0 && this.#wireBytes > maxBodyBytes) this.#fail('body-too-large', this.#capText());
    else if (!this.#decoder.write(Buffer.from(chunk))) this.#hold();
  }

  /** The last byte has come. */
  end(): void {
    if (this.#decoder !== null) this.#decoder.end();
    else if (this.#isShort()) this.#fail('body-mismatch', this.#shortText());
    else this.#commit();
  }

  /**
   * Keeps the part of the body that has come, to be continued. Null where it cannot be; the caller then
   * discards it.
   */
  suspend(): KeptBody | null {
    const { continuation } = this.#parts;
    const body = this.#body;
    if (this.#isOver || body?.suspend === undefined || this.#keptBytes === 0) return null;
    if (continuation === null || this.#head === null) return null;
    // More bytes than there can be: it is unknown which of them are right.
    if (this.#keptBytes > (continuation.totalBytes ?? Infinity)) return null;
    try {
      body.suspend();
    } catch {
      // The disk takes no more; the next attempt will report it.
      return null;
    }
    this.#isOver = true;
    this.#body = null;
    return {
      ...continuation,
      body,
      bytes: this.#keptBytes,
      isTold: this.#isTold,
      head: this.#head,
    };
  }

  /** Discards the body. Harmless after the end. */
  discard(): void {
    this.#isOver = true;
    this.#decoder?.cancel();
    this.#body?.discard();
    this.#body = null;
  }

  #openDecoder(codings: NonNullable<ReturnType<typeof parseCodings>>): ContentDecoder {
    return new ContentDecoder(codings, this.#parts.decoderMemory, {
      onData: (chunk) => this.#keep(chunk),
      onEnd: () => this.#commit(),
      onError: (error) =>
        this.#fail('bad-encoding', `expected ${codings.join(', ')}: ${describeError(error)}`),
      onDrain: () => this.#release(),
    });
  }

  /** Reports `onHold` once, even where more was read before the transport heard of it. */
  #hold(): void {
    if (this.#isHolding) return;
    this.#isHolding = true;
    this.#parts.onHold();
  }

  #release(): void {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    this.#parts.onRelease();
  }

  #keep(chunk: Buffer): void {
    if (this.#isOver) return;
    const { maxBodyBytes } = this.#parts.limits;
    this.#keptBytes += chunk.length;
    const { rest, totalBytes } = this.#parts;
    if (maxBodyBytes > 0 && this.#keptBytes > maxBodyBytes) this.#fail('body-too-large', this.#capText());
    else if (rest !== null && this.#keptBytes > rest.endBytes)
      this.#parts.onLost({ kind: 'anew', detail: `expected no more than byte ${rest.endBytes} of it` });
    else if (totalBytes !== null && this.#keptBytes > totalBytes)
      this.#fail('body-mismatch', `expected ${totalBytes} bytes in all, found more`);
    else this.#guardSink(() => this.#body?.write(chunk));
    if (this.#head !== null && !this.#isTold && this.#keptBytes >= LEAST_KEPT_BYTES) this.#tell(this.#head);
  }

  /** Reports once for each body where its file is, and how to continue it. */
  #tell(head: PartialBody['head']): void {
    const { continuation } = this.#parts;
    const file = this.#body?.partialFile;
    this.#isTold = true;
    if (continuation === null || file === undefined || this.#isOver) return;
    const { finalUrl, status, statusText, disposition, receivedAtMs } = head;
    // Only a sink that writes heads needs their fields.
    const headers = this.#parts.keepsHeads ? head.headers : [];
    const shown = { finalUrl, status, statusText, headers, disposition, receivedAtMs };
    this.#parts.onLarge({ ...continuation, file, head: shown });
  }

  #isShort(): boolean {
    const { totalBytes } = this.#parts;
    return totalBytes !== null && this.#keptBytes < totalBytes;
  }

  #shortText(): string {
    return `expected ${this.#parts.totalBytes} bytes in all, found ${this.#keptBytes}`;
  }

  #commit(): void {
    this.#guardSink(() => {
      const body = this.#body as Body;
      const committed = body.commit();
      this.#body = null;
      this.#isOver = true;
      this.#parts.onCommitted(committed);
    });
  }

  #capText(): string {
    return `expected a body of at most ${this.#parts.limits.maxBodyBytes} bytes (--max-body)`;
  }

  #fail(...failure: Parameters<typeof attemptFailure>): void {
    this.#parts.onLost(attemptFailure(...failure));
  }

  /**
   * Ends the run where the sink cannot write, and only this target for any other error, such as a bad file
   * name.
   */
  #guardSink(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#parts.onLost(error instanceof SpillwayError ? { kind: 'broken', error } : internalFailure(error));
    }
  }
}

/** Names for the file, by its URLs and by what the answer says. */
function namesOf({ target, url }: FetchJob, view: AnswerStart['view']): string[] {
  const disposition = singleField(view, 'content-disposition') ?? '';
  const given = /filename\*?\s*=\s*"?([^";]*)/iu.exec(disposition.slice(0, 2048))?.[1] ?? '';
  return [url.pathname, given.trim(), new URL(target.url).pathname];
}
