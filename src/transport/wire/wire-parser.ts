// Turns the bytes of one connection into answers, in the order of the requests. It takes the strict, common
// subset of HTTP/1.1 and refuses everything else. It knows no sockets and no exchanges, and never guesses
// where an answer ends.

import { LaneError } from '../lane-error.ts';
import { CR, HEX_DIGIT, LF } from './wire-grammar.ts';
import { INCOMPLETE, REFUSED, WireHead } from './wire-head.ts';
import type { WireHeaderView } from './wire-header-view.ts';
import { WireHeads } from './wire-heads.ts';

/** Receives the answers. Any of these methods may call `stop`. */
export interface AnswerSink {
  /**
   * The first byte of an answer has come. Returns the method of its request, or undefined where no request is
   * open.
   */
  onBegin(): string | undefined;
  /**
   * The answer's body lasts until the connection ends. False drops the answer before its head is shown, and
   * stops the parser.
   */
  takesUntilClose(): boolean;
  onHead(status: number, headers: WireHeaderView): void;
  /** `chunk[start, end)` is valid only during the call. */
  onData(chunk: Buffer, start: number, end: number): void;
  /** @param isReusable false when no further answer may come on this connection: the parser has stopped */
  onEnd(isReusable: boolean): void;
}

const HEAD = 0;
const BODY_COUNTED = 1;
const BODY_UNTIL_CLOSE = 2;
const CHUNK_SIZE = 3;
const CHUNK_SIZE_LF = 4;
const CHUNK_DATA = 5;
const CHUNK_CR = 6;
const CHUNK_LF = 7;
const TRAILERS = 8;
const STOPPED = 9;

/** A number of 13 hexadecimal digits stays below the largest exact integer. */
const MAX_SIZE_DIGITS = 13;

export class WireParser {
  readonly #sink: AnswerSink;
  readonly #maxHeaderBytes: number;
  readonly #heads: WireHeads;
  #state = HEAD;
  /** A byte of the present answer, or of a 1xx before it, has come. */
  #hasBegun = false;
  #isHeadRequest = false;
  #isReusable = false;
  /** Bytes that are still to come of the body or of the chunk. */
  #leftBytes = 0;
  #sizeDigits = 0;
  /** The head, or the trailers, that earlier reads left incomplete. */
  #fields: WireHead | undefined;
  /** Their bytes from earlier reads. */
  #kept: Buffer | undefined;
  #keptBytes = 0;
  #failure: LaneError | undefined;

  /**
   * @param maxHeaderBytes cap on one head (status line and fields), and again on the trailers
   * @param heads may be shared by parsers
   */
  constructor(sink: AnswerSink, maxHeaderBytes: number, heads = new WireHeads()) {
    this.#heads = heads;
    this.#sink = sink;
    this.#maxHeaderBytes = maxHeaderBytes;
  }

  /** Begins with a new connection. */
  reset(): void {
    this.#state = HEAD;
    this.#hasBegun = false;
    this.#failure = undefined;
    this.#forgetFields();
  }

  /** Takes no more bytes until `reset`, not even the rest of the present read. */
  stop(): void {
    this.#state = STOPPED;
    this.#forgetFields();
  }

  /** True while the answer that is due next has begun and not ended. */
  get isAnswering(): boolean {
    return this.#hasBegun;
  }

  /** Reads bytes of answers. @returns what is wrong with them, in which case the parser has stopped */
  parse(chunk: Buffer, start: number, end: number): LaneError | undefined {
    let at = start;
    while (at < end) {
      switch (this.#state) {
        case HEAD:
          at = this.#takeHead(chunk, at, end);
          break;
        case BODY_COUNTED:
        case CHUNK_DATA:
          at = this.#takeCounted(chunk, at, end);
          break;
        case BODY_UNTIL_CLOSE:
          this.#sink.onData(chunk, at, end);
          at = end;
          break;
        case CHUNK_SIZE:
          at = this.#takeSize(chunk, at, end);
          break;
        case CHUNK_SIZE_LF:
          at = this.#takeSizeEnd(chunk, at);
          break;
        case CHUNK_CR:
          at = this.#takeByte(chunk, at, CR, CHUNK_LF);
          break;
        case CHUNK_LF:
          at = this.#takeByte(chunk, at, LF, CHUNK_SIZE);
          this.#sizeDigits = 0;
          break;
        case TRAILERS:
          at = this.#takeFields(this.#fields as WireHead, chunk, at, end);
          break;
        default:
          return this.#failure;
      }
    }
    return this.#failure;
  }

  /**
   * The other side sends no more. Ends an answer whose body lasts until then.
   * @param isCut whether the end came without the other side announcing it (TLS close_notify)
   * @returns what is missing; undefined where no answer was cut
   */
  finish(isCut = false): LaneError | undefined {
    const state = this.#state;
    if (state === BODY_UNTIL_CLOSE) {
      if (!isCut) {
        this.#end();
        return undefined;
      }
      this.stop();
      return new LaneError(
        'body-cut',
        'expected the word that the body is whole (close_notify), found the end',
      );
    }
    if (state === STOPPED || !this.#hasBegun) return undefined;
    this.stop();
    return state === BODY_COUNTED
      ? new LaneError('body-mismatch', `expected ${this.#leftBytes} more bytes of body, found the end`)
      : new LaneError('connection-lost', 'the connection ended inside the answer');
  }

  #takeHead(chunk: Buffer, at: number, end: number): number {
    if (!this.#hasBegun) {
      const method = this.#sink.onBegin();
      if (method === undefined) return this.#refuse('no byte before something was asked', end);
      this.#hasBegun = true;
      this.#isHeadRequest = method === 'HEAD';
    }
    if (this.#fields !== undefined) return this.#takeFields(this.#fields, chunk, at, end);
    const heads = this.#heads;
    const next = heads.read(chunk, at, end);
    if (next === REFUSED) return this.#refuse(heads.found.refusal, end);
    if ((next === INCOMPLETE ? end : next) - at > this.#maxHeaderBytes) return this.#refuseSize(end);
    if (next === INCOMPLETE) {
      this.#fields = heads.take();
      this.#keep(chunk, at, end);
      return end;
    }
    heads.show(chunk, at, next);
    return this.#endHead(heads.found, next, end);
  }

  /** Goes on with a head or trailers of which earlier reads kept a part. */
  #takeFields(fields: WireHead, chunk: Buffer, at: number, end: number): number {
    const before = this.#keptBytes;
    let bytes = chunk;
    let start = at;
    let stop = end;
    if (before > 0) {
      bytes = this.#keep(chunk, at, Math.min(end, at + this.#maxHeaderBytes + 1 - before));
      start = 0;
      stop = this.#keptBytes;
    }
    const next = fields.scan(bytes, start, stop);
    if (next === REFUSED) return this.#refuse(fields.refusal, end);
    if ((next === INCOMPLETE ? stop : next) - start > this.#maxHeaderBytes) return this.#refuseSize(end);
    if (next === INCOMPLETE) {
      if (before === 0) this.#keep(chunk, at, end);
      return end;
    }
    this.#forgetFields();
    const behind = at + next - start - before;
    if (this.#state === TRAILERS) {
      this.#end();
      return behind;
    }
    this.#heads.showOnce(bytes, start, next);
    return this.#endHead(fields, behind, end);
  }

  #keep(chunk: Buffer, start: number, end: number): Buffer {
    const neededBytes = this.#keptBytes + end - start;
    let kept = this.#kept;
    if (kept === undefined || kept.length < neededBytes) {
      const larger = Buffer.allocUnsafe(Math.max(512, 2 * neededBytes));
      kept?.copy(larger, 0, 0, this.#keptBytes);
      kept = larger;
      this.#kept = kept;
    }
    chunk.copy(kept, this.#keptBytes, start, end);
    this.#keptBytes = neededBytes;
    return kept;
  }

  /** Handles a whole head. @returns where to read on */
  #endHead(head: WireHead, next: number, end: number): number {
    const { isChunked, lengthBytes, status } = head;
    if (status < 200) {
      // 100 is skipped like the other 1xx: a client has to accept one that it did not ask for (RFC 9110,
      // section 15.2).
      if (status === 101) return this.#refuse('an answer other than 101', end);
      if (head.isOldVersion || lengthBytes >= 0 || isChunked || head.hasConnectionField)
        return this.#refuse('no framing in a 1xx answer', end);
      return next;
    }
    if (head.isOldVersion && isChunked) return this.#refuse('no chunked body in HTTP/1.0', end);
    this.#isReusable = head.isReusable(this.#isHeadRequest);
    this.#leftBytes = 0;
    this.#state = BODY_COUNTED;
    if (!this.#isHeadRequest && !head.isEmptyStatus) {
      if (isChunked) this.#state = CHUNK_SIZE;
      else if (lengthBytes >= 0) this.#leftBytes = lengthBytes;
      else if (this.#sink.takesUntilClose()) this.#state = BODY_UNTIL_CLOSE;
      else {
        this.stop();
        return end;
      }
    }
    this.#sizeDigits = 0;
    this.#heads.view.isCoded = head.isCoded;
    this.#sink.onHead(status, this.#heads.view);
    if (this.#state === BODY_COUNTED && this.#leftBytes === 0) this.#end();
    return next;
  }

  #takeCounted(chunk: Buffer, at: number, end: number): number {
    const next = Math.min(end, at + this.#leftBytes);
    this.#leftBytes -= next - at;
    this.#sink.onData(chunk, at, next);
    if (this.#leftBytes > 0) return next;
    if (this.#state === BODY_COUNTED) this.#end();
    else if (this.#state === CHUNK_DATA) this.#state = CHUNK_CR;
    return next;
  }

  #takeSize(chunk: Buffer, start: number, end: number): number {
    if (this.#sizeDigits === 0) this.#leftBytes = 0;
    for (let at = start; at < end; at++) {
      const digit = HEX_DIGIT[chunk[at] as number] as number;
      if (digit === 255) {
        if (chunk[at] !== CR || this.#sizeDigits === 0)
          return this.#refuse('a chunk size of hexadecimal digits alone', end);
        this.#state = CHUNK_SIZE_LF;
        return at + 1;
      }
      if (++this.#sizeDigits > MAX_SIZE_DIGITS)
        return this.#refuse(`a chunk size of ${MAX_SIZE_DIGITS} digits or fewer`, end);
      this.#leftBytes = this.#leftBytes * 16 + digit;
    }
    return end;
  }

  #takeSizeEnd(chunk: Buffer, at: number): number {
    if (this.#leftBytes > 0) return this.#takeByte(chunk, at, LF, CHUNK_DATA);
    this.#fields = new WireHead();
    this.#fields.beginTrailers();
    return this.#takeByte(chunk, at, LF, TRAILERS);
  }

  #takeByte(chunk: Buffer, at: number, expected: number, nextState: number): number {
    if (chunk[at] !== expected) return this.#refuse('CRLF around every chunk', at + 1);
    this.#state = nextState;
    return at + 1;
  }

  /** The answer is whole. */
  #end(): void {
    const isReusable = this.#isReusable;
    this.#hasBegun = false;
    if (isReusable) this.#state = HEAD;
    else this.stop();
    this.#sink.onEnd(isReusable);
  }

  #forgetFields(): void {
    this.#fields = undefined;
    this.#kept = undefined;
    this.#keptBytes = 0;
  }

  #refuseSize(end: number): number {
    return this.#refuse(`a head of ${this.#maxHeaderBytes} bytes or fewer`, end);
  }

  #refuse(expected: string, end: number): number {
    this.stop();
    this.#failure = new LaneError('unsupported-framing', `expected ${expected}`);
    return end;
  }
}
