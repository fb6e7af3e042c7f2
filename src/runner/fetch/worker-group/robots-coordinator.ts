// Has each origin's robots.txt fetched once for all workers: the first worker that asks fetches it, the others wait.

import type { ToFetchWorker } from '../../../model/fetch-task.ts';
import type { RobotsAnswer } from '../../../model/robots.ts';

/** Characters of rules kept at once; beyond this the oldest are dropped, and fetched again when needed. */
const MAX_CHARS = 32 * 2 ** 20;
/** Memory of an entry without its text. */
const ENTRY_CHARS = 200;

export interface RobotsAsker {
  send(message: ToFetchWorker): void;
}

interface Entry {
  readonly fetcher: RobotsAsker;
  readonly others: Set<RobotsAsker>;
  answer: RobotsAnswer | null;
}

export class RobotsCoordinator {
  readonly #entries = new Map<string, Entry>();
  #chars = 0;

  /** Sends the asker the answer once it is known, or asks it to fetch the file. */
  ask(asker: RobotsAsker, origin: string): void {
    const entry = this.#entries.get(origin);
    if (entry === undefined) {
      this.#entries.set(origin, { fetcher: asker, others: new Set(), answer: null });
      asker.send({ kind: 'fetch-robots', origin });
    } else if (entry.answer !== null) {
      asker.send({ kind: 'robots', answer: entry.answer });
    } else if (entry.fetcher === asker) {
      // The thread that was fetching it died.
      asker.send({ kind: 'fetch-robots', origin });
    } else {
      entry.others.add(asker);
    }
  }

  /** Takes the answer, and sends it to all who wait. */
  found(answer: RobotsAnswer): void {
    const entry = this.#entries.get(answer.origin);
    if (entry === undefined || entry.answer !== null) return;
    entry.answer = answer;
    this.#chars += sizeOf(answer);
    for (const asker of [entry.fetcher, ...entry.others]) asker.send({ kind: 'robots', answer });
    entry.others.clear();
    for (const [origin, { answer: old }] of this.#entries) {
      if (this.#chars <= MAX_CHARS) break;
      if (old === null) continue;
      this.#entries.delete(origin);
      this.#chars -= sizeOf(old);
    }
  }
}

function sizeOf({ rules }: RobotsAnswer): number {
  return ENTRY_CHARS + (rules.kind === 'text' ? rules.text.length : 0);
}
