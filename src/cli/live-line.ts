// The live line on a terminal, plain lines elsewhere: on stderr, so that stdout holds results alone.

import { createLogUpdate } from 'log-update';
import type { Snapshot } from '../model/record.ts';
import { liveLine } from '../report/round-text.ts';

/** Without a terminal a line is printed only so often: for logs. */
const PLAIN_EVERY_MS = 5_000;

export class LiveLine implements Disposable {
  readonly #update = process.stderr.isTTY ? createLogUpdate(process.stderr) : null;
  #nextPlainMs = PLAIN_EVERY_MS;

  readonly show = (snapshot: Snapshot): void => {
    if (this.#update !== null) {
      this.#update(liveLine(snapshot));
      return;
    }
    if (snapshot.atMs < this.#nextPlainMs) return;
    this.#nextPlainMs = snapshot.atMs + PLAIN_EVERY_MS;
    process.stderr.write(`${liveLine(snapshot).replace(/^\S+ /, '')}\n`);
  };

  /** A line of its own above the live one. */
  readonly notice = (text: string): void => {
    this.#update?.clear();
    process.stderr.write(`${text}\n`);
  };

  [Symbol.dispose](): void {
    this.#update?.clear();
    this.#update?.done();
  }
}
