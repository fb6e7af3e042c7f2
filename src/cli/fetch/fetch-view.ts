// Progress of a fetch: redrawn on a terminal, a plain line every few seconds elsewhere; on stderr, so that stdout holds
// the account alone.

import { createLogUpdate } from 'log-update';
import type { FetchSnapshot } from '../../model/fetch-report.ts';
import { fetchLiveText, fetchPlainText } from '../../report/fetch-text.ts';

const LIVE_EVERY_MS = 200;
const PLAIN_EVERY_MS = 5_000;

export class FetchView implements Disposable {
  /** A terminal that does not know its size would be shown nothing. */
  readonly #update = process.stderr.isTTY && process.stderr.rows > 0 ? createLogUpdate(process.stderr) : null;
  readonly #timer: NodeJS.Timeout;

  constructor(read: () => FetchSnapshot) {
    const everyMs = this.#update === null ? PLAIN_EVERY_MS : LIVE_EVERY_MS;
    this.#timer = setInterval(() => this.#show(read()), everyMs);
  }

  #show(snapshot: FetchSnapshot): void {
    if (this.#update === null) process.stderr.write(`${fetchPlainText(snapshot)}\n`);
    else this.#update(fetchLiveText(snapshot, process.stderr.columns));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#update?.clear();
    this.#update?.done();
  }
}
