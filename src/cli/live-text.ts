// Shows progress on stderr, so that stdout holds only results: redraws it in place on a terminal, prints a line
// every few seconds elsewhere.

import type { createLogUpdate } from 'log-update';
import { isPlainTerminal, withoutBlocks } from './terminal.ts';

/** How often a line is printed without a terminal, such as into a log. */
const PLAIN_EVERY_MS = 5_000;
const LIVE_EVERY_MS = 200;

export interface LiveTextParts<Snapshot> {
  /** The text for a terminal of this many columns. */
  readonly live: (snapshot: Snapshot, columns: number) => string;
  /** One line for a log. */
  readonly plain: (snapshot: Snapshot) => string;
}

export class LiveText<Snapshot> implements Disposable {
  readonly #parts: LiveTextParts<Snapshot>;
  readonly #update: ReturnType<typeof createLogUpdate> | null;
  #nextPlainMs = PLAIN_EVERY_MS;
  #timer: NodeJS.Timeout | undefined;

  private constructor(parts: LiveTextParts<Snapshot>, update: ReturnType<typeof createLogUpdate> | null) {
    this.#parts = parts;
    this.#update = update;
  }

  /** Loads the package that draws only where there is a terminal that knows its size. */
  static async open<Snapshot>(parts: LiveTextParts<Snapshot>): Promise<LiveText<Snapshot>> {
    if (!process.stderr.isTTY || !(process.stderr.rows > 0) || isPlainTerminal())
      return new LiveText(parts, null);
    const library = await import('log-update');
    return new LiveText(parts, library.createLogUpdate(process.stderr));
  }

  /** @param atMs how long the run has lasted */
  show(snapshot: Snapshot, atMs: number): void {
    if (this.#update !== null) {
      this.#update(this.#parts.live(snapshot, process.stderr.columns));
      return;
    }
    if (atMs < this.#nextPlainMs) return;
    this.#nextPlainMs = atMs + PLAIN_EVERY_MS;
    process.stderr.write(`${withoutBlocks(this.#parts.plain(snapshot))}\n`);
  }

  /** Reads and shows a snapshot again and again, until it is disposed of. */
  follow(read: () => Snapshot): void {
    const everyMs = this.#update === null ? PLAIN_EVERY_MS : LIVE_EVERY_MS;
    this.#timer = setInterval(() => this.show(read(), Number.POSITIVE_INFINITY), everyMs);
  }

  /** Prints a line above the live text. */
  readonly notice = (text: string): void => {
    this.#update?.clear();
    process.stderr.write(`${text}\n`);
  };

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#update?.clear();
    this.#update?.done();
  }
}
