// Puts outcomes back into the order of the source. Indexes may have gaps: a run that goes on skips those that are
// settled. Holds no more outcomes than its caller lets under way.

export class SourceOrder<Item> {
  readonly #indexOf: (item: Item) => number;
  /** Indexes of targets given to the workers, ascending; those before `#nextExpected` were taken already. */
  #expected: number[] = [];
  #nextExpected = 0;
  readonly #early = new Map<number, Item>();
  /** Settled by the source itself, ascending. */
  #ofSource: Item[] = [];
  #nextOfSource = 0;
  #knownCount = 0;

  constructor(indexOf: (item: Item) => number) {
    this.#indexOf = indexOf;
  }

  /** Announces an item of this index; indexes ascend. */
  expect(index: number): void {
    this.#expected.push(index);
  }

  /** Says that every item below `count` is expected, added, or will never come. */
  knowUpTo(count: number): void {
    this.#knownCount = Math.max(this.#knownCount, count);
  }

  /** @param isOfSource settled by the source, so `expect` was not called for it */
  add(item: Item, isOfSource: boolean): void {
    if (isOfSource) this.#ofSource.push(item);
    else this.#early.set(this.#indexOf(item), item);
  }

  /** The next one, if nothing that comes before it is still under way. */
  take(): Item | undefined {
    const expected = this.#expected[this.#nextExpected] ?? Number.POSITIVE_INFINITY;
    const own = this.#ofSource[this.#nextOfSource];
    if (own !== undefined && this.#indexOf(own) < expected) {
      if (this.#indexOf(own) >= this.#knownCount) return undefined;
      this.#nextOfSource++;
      if (this.#nextOfSource === this.#ofSource.length) {
        this.#ofSource = [];
        this.#nextOfSource = 0;
      }
      return own;
    }
    const item = this.#early.get(expected);
    if (item === undefined) return undefined;
    this.#early.delete(expected);
    this.#nextExpected++;
    // Drops taken indexes 1,024 at a time: a shift for each would move all the others.
    if (this.#nextExpected >= 1024) {
      this.#expected = this.#expected.slice(this.#nextExpected);
      this.#nextExpected = 0;
    }
    return item;
  }

  /** All items that are left, in order, whatever is missing between them: nothing more will come. */
  takeRest(): Item[] {
    const rest = [...this.#early.values(), ...this.#ofSource.slice(this.#nextOfSource)];
    this.#early.clear();
    this.#ofSource = [];
    this.#nextOfSource = 0;
    return rest.sort((a, b) => this.#indexOf(a) - this.#indexOf(b));
  }
}
