// The live line on a terminal, plain lines elsewhere: on stderr, so that stdout holds results alone.

import type { createLogUpdate } from 'log-update';
import type { Snapshot } from '../../model/record.ts';
import { liveLine } from '../../report/round-text.ts';

type Update = ReturnType<typeof createLogUpdate>;

/** Without a terminal a line is printed only so often: for logs. */
const PLAIN_EVERY_MS = 5_000;

export class LiveLine implements Disposable {
  readonly #update: Update | null;
  #nextPlainMs = PLAIN_EVERY_MS;

  private constructor(update: Update | null) {
    this.#update = update;
  }

  /** What draws on a terminal is loaded only where there is one. */
  static async open(): Promise<LiveLine> {
    if (!process.stderr.isTTY) return new LiveLine(null);
    const library = await import('log-update');
    return new LiveLine(library.createLogUpdate(process.stderr));
  }

  readonly show = (snapshot: Snapshot): void => {
    const text = liveLine(snapshot);
    this.showText(this.#update === null ? text.replace(/^\S+ /, '') : text, snapshot.atMs);
  };

  /** @param atMs since the start: without a terminal a line is printed only every few seconds */
  showText(text: string, atMs: number): void {
    if (this.#update !== null) {
      this.#update(text);
      return;
    }
    if (atMs < this.#nextPlainMs) return;
    this.#nextPlainMs = atMs + PLAIN_EVERY_MS;
    process.stderr.write(`${text}\n`);
  }

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
