// The changes of the journal's tally, by class, that are written together with a group of outcomes.

import type { SQLOutputValue } from 'node:sqlite';
import type { Outcome } from '../../../model/outcome.ts';
import { classOf, type OutcomeClass } from './journal-format.ts';

interface Change {
  count: number;
  bytes: number;
  storedBytes: number;
  renamed: number;
}

export class TallyChanges {
  readonly #changes = new Map<OutcomeClass, Change>();

  add(outcome: Outcome): void {
    const change = this.#of(classOf(outcome));
    change.count++;
    if (outcome.kind !== 'ok') return;
    change.bytes += outcome.bytes;
    change.storedBytes += outcome.stored.storedBytes;
    if (outcome.stored.isRenamed) change.renamed++;
  }

  /** Subtracts a row that is replaced. */
  takeBack(row: Readonly<Record<string, SQLOutputValue>>): void {
    const change = this.#of(row['class'] as OutcomeClass);
    change.count--;
    change.bytes -= (row['bytes'] as number | null) ?? 0;
    change.storedBytes -= (row['stored'] as number | null) ?? 0;
    change.renamed -= (row['is_renamed'] as number | null) ?? 0;
  }

  /** The changes, with values in the order of the tally's columns. */
  *rows(): Generator<
    [name: OutcomeClass, count: number, bytes: number, storedBytes: number, renamed: number]
  > {
    for (const [name, { count, bytes, storedBytes, renamed }] of this.#changes)
      yield [name, count, bytes, storedBytes, renamed];
  }

  #of(name: OutcomeClass): Change {
    let change = this.#changes.get(name);
    if (change === undefined) {
      change = { count: 0, bytes: 0, storedBytes: 0, renamed: 0 };
      this.#changes.set(name, change);
    }
    return change;
  }
}
