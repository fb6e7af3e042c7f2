// What earlier sessions settled, read along with the sources in the order of the index: a merge of two streams, so
// that continuing a run of a million targets needs the memory of five hundred.

import type { JournalReader, LastWord } from './journal-reader.ts';

/** What the target stream asks about a run that it continues. */
export interface SettledBefore {
  /** Nothing from this index on is settled. */
  readonly nextIndex: number;
  /** The outcome of `index`, null where there is none. Ask in rising order. */
  at(index: number): LastWord | null;
}

export const NOTHING_SETTLED: SettledBefore = { nextIndex: 0, at: () => null };

export class JournalWalk implements SettledBefore {
  readonly nextIndex: number;
  readonly #words: Iterator<LastWord, void>;
  #word: LastWord | null;

  /**
   * @param nextIndex the journal's when this session began: targets settled since are those of the target stream
   *   itself
   */
  constructor(reader: JournalReader, nextIndex: number) {
    this.nextIndex = nextIndex;
    this.#words = reader.lastWords();
    this.#word = this.#take();
  }

  at(index: number): LastWord | null {
    while (this.#word !== null && this.#word.index < index) this.#word = this.#take();
    return this.#word?.index === index ? this.#word : null;
  }

  #take(): LastWord | null {
    const next = this.#words.next();
    return next.done === true || next.value.index >= this.nextIndex ? null : next.value;
  }
}
