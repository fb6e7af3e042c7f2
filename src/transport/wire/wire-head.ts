// The head of one answer, or the trailers behind a chunked body: status line, field lines, and from them how the body
// is framed. It reads line by line, can stop at any byte, and goes on from the start of the line it stopped in.

import {
  CHUNKED,
  CLOSE,
  COLON,
  COMMA,
  CONNECTION,
  CONTENT_ENCODING,
  CONTENT_LENGTH,
  CR,
  HTAB,
  isWord,
  KEEP_ALIVE,
  LF,
  NAME_BYTE,
  PROXY_CONNECTION,
  SP,
  TRANSFER_ENCODING,
  VALUE_BYTE,
} from './wire-grammar.ts';

/** Returned by `scan` when every byte was fine and the end has not come yet. */
export const INCOMPLETE = -1;
/** Returned by `scan` when a byte is outside the subset; `refusal` says what was expected. */
export const REFUSED = -2;

/** A number of 15 digits stays below the largest exact integer. */
const MAX_LENGTH_DIGITS = 15;
const VERSION = Buffer.from('HTTP/1.');
const ZERO = 0x30;
const NINE = 0x39;

export class WireHead {
  status = 0;
  /** HTTP/1.0: the answer is taken, but its connection is never used again. */
  isOldVersion = false;
  /** -1 where there is no Content-Length. */
  lengthBytes = -1;
  isChunked = false;
  isClose = false;
  isKeepAlive = false;
  hasConnectionField = false;
  /** True where there is a Content-Encoding, whatever its value. */
  isCoded = false;
  refusal = '';
  #isTrailer = false;
  /** Where the incomplete line begins, counted from the head's first byte. */
  #lineOffset = 0;

  reset(): void {
    this.status = 0;
    this.isOldVersion = false;
    this.lengthBytes = -1;
    this.isChunked = false;
    this.isClose = false;
    this.isKeepAlive = false;
    this.hasConnectionField = false;
    this.isCoded = false;
    this.#isTrailer = false;
    this.#lineOffset = 0;
  }

  /**
   * Whether it is certain where the answer ends, so that another may follow on the connection. False where a
   * careless server may send a body that HTTP does not allow: it would be read as the next answer. undici
   * decides alike.
   */
  isReusable(isHeadRequest: boolean): boolean {
    if (this.isClose || this.isOldVersion) return false;
    const isFramed = this.isChunked || this.lengthBytes >= 0;
    if (this.isEmptyStatus) return isHeadRequest || (!this.isChunked && this.lengthBytes <= 0);
    return isFramed || (isHeadRequest && this.isKeepAlive);
  }

  /** True for a status that has no body, whatever its fields say. */
  get isEmptyStatus(): boolean {
    return this.status === 204 || this.status === 304;
  }

  /** Scans trailers next: field lines without a status line, none of which may be about framing. */
  beginTrailers(): void {
    this.#isTrailer = true;
    this.#lineOffset = 0;
  }

  /**
   * Reads the head as far as it has come.
   * @param start the head's first byte, even if part of it was scanned before
   * @returns the index after the empty line, `INCOMPLETE` or `REFUSED`
   */
  scan(bytes: Uint8Array, start: number, end: number): number {
    let at = start + this.#lineOffset;
    if (this.status === 0 && !this.#isTrailer) {
      at = this.#scanStatusLine(bytes, at, end);
      if (at < 0) return at;
      this.#lineOffset = at - start;
    }
    while (at < end) {
      if (bytes[at] === CR) {
        if (at + 1 === end) return INCOMPLETE;
        return bytes[at + 1] === LF ? at + 2 : this.#refuse('LF after the CR of the empty line');
      }
      const nameStart = at;
      while (at < end && NAME_BYTE[bytes[at] as number] !== 0) at++;
      if (at === end) return INCOMPLETE;
      if (bytes[at] !== COLON || at === nameStart) return this.#refuse('a field name and a colon');
      const nameEnd = at++;
      while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
      const valueStart = at;
      while (at < end && VALUE_BYTE[bytes[at] as number] === 1) at++;
      if (at === end) return INCOMPLETE;
      if (bytes[at] !== CR) return this.#refuse('a field value without control bytes');
      if (at + 1 === end) return INCOMPLETE;
      if (bytes[at + 1] !== LF) return this.#refuse('LF after the CR of a field line');
      if (!this.#takeField(bytes, nameStart, nameEnd, valueStart, at)) return REFUSED;
      at += 2;
      this.#lineOffset = at - start;
    }
    return INCOMPLETE;
  }

  /** `HTTP/1.1 200 OK`: the version, one space, three digits from 100 to 599, one space, a reason or none. */
  #scanStatusLine(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    for (let index = 0; index < VERSION.length; index++, at++) {
      if (at === end) return INCOMPLETE;
      if (bytes[at] !== VERSION[index]) return this.#refuse('a status line that begins with HTTP/1.');
    }
    let status = 0;
    for (let index = 0; index < 6; index++, at++) {
      if (at === end) return INCOMPLETE;
      const byte = bytes[at] as number;
      if (index === 0) {
        if (byte !== ZERO && byte !== ZERO + 1) return this.#refuse('version 1.0 or 1.1');
        this.isOldVersion = byte === ZERO;
      } else if (index === 1 || index === 5) {
        if (byte !== SP) return this.#refuse('one space on either side of the status');
      } else {
        if (byte < ZERO || byte > NINE) return this.#refuse('a status of three digits');
        status = status * 10 + (byte - ZERO);
      }
    }
    if (status < 100 || status > 599) return this.#refuse('a status from 100 to 599');
    while (at < end && VALUE_BYTE[bytes[at] as number] === 1) at++;
    if (at === end) return INCOMPLETE;
    if (bytes[at] !== CR) return this.#refuse('a reason phrase without control bytes');
    if (at + 1 === end) return INCOMPLETE;
    if (bytes[at + 1] !== LF) return this.#refuse('LF after the CR of the status line');
    this.status = status;
    return at + 2;
  }

  /** @returns false where the field concerns the framing and does not have the one form that is taken */
  #takeField(
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    switch (nameEnd - nameStart) {
      case CONNECTION.length:
        if (!isWord(bytes, nameStart, nameEnd, CONNECTION)) return true;
        return this.#takeConnection(bytes, valueStart, valueEnd);
      case CONTENT_LENGTH.length:
        if (!isWord(bytes, nameStart, nameEnd, CONTENT_LENGTH)) return true;
        if (!isPlainlySpaced(bytes, nameEnd, valueStart))
          return this.#refuseField('one space at most before a length');
        return this.#takeLength(bytes, valueStart, valueEnd);
      case PROXY_CONNECTION.length:
        if (isWord(bytes, nameStart, nameEnd, CONTENT_ENCODING)) this.isCoded = true;
        if (!isWord(bytes, nameStart, nameEnd, PROXY_CONNECTION)) return true;
        return this.#takeConnection(bytes, valueStart, valueEnd);
      case TRANSFER_ENCODING.length:
        if (!isWord(bytes, nameStart, nameEnd, TRANSFER_ENCODING)) return true;
        if (!isPlainlySpaced(bytes, nameEnd, valueStart))
          return this.#refuseField('one space at most before a transfer coding');
        return this.#takeCoding(bytes, valueStart, valueEnd);
      default:
        return true;
    }
  }

  #takeLength(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isTrailer) return this.#refuseField('no Content-Length among trailers');
    if (this.lengthBytes >= 0) return this.#refuseField('one Content-Length');
    if (this.isChunked) return this.#refuseField('no Content-Length beside Transfer-Encoding');
    if (start === end || end - start > MAX_LENGTH_DIGITS)
      return this.#refuseField(`a Content-Length of 1 to ${MAX_LENGTH_DIGITS} digits`);
    let lengthBytes = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte < ZERO || byte > NINE) return this.#refuseField('a Content-Length of digits alone');
      lengthBytes = lengthBytes * 10 + (byte - ZERO);
    }
    this.lengthBytes = lengthBytes;
    return true;
  }

  #takeCoding(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isTrailer) return this.#refuseField('no Transfer-Encoding among trailers');
    if (this.isChunked) return this.#refuseField('one Transfer-Encoding');
    if (this.lengthBytes >= 0) return this.#refuseField('no Transfer-Encoding beside Content-Length');
    if (!isWord(bytes, start, end, CHUNKED)) return this.#refuseField('chunked and no other transfer coding');
    this.isChunked = true;
    return true;
  }

  /** Reads Connection: a list of names, of which only `close` and `keep-alive` have a meaning here. */
  #takeConnection(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isTrailer) return this.#refuseField('no Connection among trailers');
    this.hasConnectionField = true;
    let at = start;
    while (at < end) {
      while (at < end && (bytes[at] === SP || bytes[at] === COMMA)) at++;
      const wordStart = at;
      while (at < end && NAME_BYTE[bytes[at] as number] !== 0) at++;
      if (at === wordStart && at < end) return this.#refuseField('a plain list of names in Connection');
      if (isWord(bytes, wordStart, at, CLOSE)) this.isClose = true;
      else if (isWord(bytes, wordStart, at, KEEP_ALIVE)) this.isKeepAlive = true;
    }
    return true;
  }

  #refuse(expected: string): number {
    this.refusal = expected;
    return REFUSED;
  }

  #refuseField(expected: string): false {
    this.refusal = expected;
    return false;
  }
}

/** True for no space, or one, between the colon and the value. */
function isPlainlySpaced(bytes: Uint8Array, colon: number, valueStart: number): boolean {
  return valueStart === colon + 1 || (valueStart === colon + 2 && bytes[colon + 1] === SP);
}
