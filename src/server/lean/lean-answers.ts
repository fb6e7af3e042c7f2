// Makes the bytes of the answers to trials and writes many of them to a socket in one write.

import type { Socket } from 'node:net';
import type { TrialAnswer } from '../trial-answer.ts';

/** About what a socket takes at once; a longer burst takes several writes. */
const OUT_BYTES = 64 * 1024;
const MAX_DIGITS = 8;

export class LeanAnswers {
  /** Reused while the kernel takes every write at once. */
  #out = Buffer.allocUnsafeSlow(OUT_BYTES);
  #usedBytes = 0;
  /** Answers by number of digits; they differ only in the digits, the time and the length. */
  #templates: Uint8Array[] = [];
  #second = -1;
  readonly #answer: TrialAnswer;
  /** How many bytes of the body follow the number's digits. */
  readonly #afterBytes: number;

  constructor(answer: TrialAnswer) {
    this.#answer = answer;
    this.#afterBytes = answer.after.length;
  }

  /** Sets the time that answers carry. Call it before the answers of a turn. */
  startTurn(): void {
    const second = Math.floor(Date.now() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#templates = Array.from({ length: MAX_DIGITS + 1 }, (_, digits) =>
      Buffer.from(makeAnswer(this.#answer, second, '0'.repeat(digits)), 'latin1'),
    );
  }

  /** Adds one answer to those that wait for `flush`. Writes to `socket` when there is no room. */
  add(socket: Socket, number: number): void {
    const digits = countDigits(number);
    const template = this.#templates[digits] as Uint8Array;
    if (this.#usedBytes + template.length > OUT_BYTES) this.flush(socket);
    const out = this.#out;
    out.set(template, this.#usedBytes);
    this.#usedBytes += template.length;
    let rest = number;
    for (let at = this.#usedBytes - this.#afterBytes - 1; rest > 0; at -= 1) {
      const tenth = Math.trunc(rest / 10);
      out[at] = 48 + rest - tenth * 10;
      rest = tenth;
    }
  }

  /** Adds the last answer of a connection, which says that the connection will be closed. */
  addLast(socket: Socket, number: number): void {
    const text = makeAnswer(this.#answer, this.#second, String(number), 'Connection: close\r\n');
    if (this.#usedBytes + text.length > OUT_BYTES) this.flush(socket);
    this.#usedBytes += this.#out.write(text, this.#usedBytes, 'latin1');
  }

  flush(socket: Socket): void {
    if (this.#usedBytes === 0) return;
    socket.write(this.#out.subarray(0, this.#usedBytes));
    this.#usedBytes = 0;
    // The buffer still holds what the kernel did not take, so a new one is needed.
    if (socket.writableLength > 0) this.#out = Buffer.allocUnsafeSlow(OUT_BYTES);
  }
}

function makeAnswer(
  { contentType, before, after }: TrialAnswer,
  second: number,
  digits: string,
  extraFields = '',
): string {
  const date = new Date(second * 1000).toUTCString();
  const body = before + digits + after;
  return `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\nDate: ${date}\r\n${extraFields}\r\n${body}`;
}

function countDigits(number: number): number {
  let digits = 1;
  for (let power = 10; number >= power; power *= 10) digits++;
  return digits;
}
