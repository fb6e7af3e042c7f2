// Holds items back for a constant delay with one timer for all of them. Knows nothing about the items.

/**
 * First in, first out: as the delay is constant, items are released in the order of arrival. Everything that
 * is due when the timer fires is released together: at 50,000 in flight, one timer for each item was the
 * larger part of the work.
 */
export class DelayQueue<T> {
  readonly #delayMs: number;
  readonly #release: (due: readonly T[]) => void;
  #items: (T | undefined)[] = Array.from({ length: 1024 });
  #dueMs = new Float64Array(1024);
  #head = 0;
  #size = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param release gets at least one item and must not throw */
  constructor(delayMs: number, release: (due: readonly T[]) => void) {
    this.#delayMs = delayMs;
    this.#release = release;
  }

  get size(): number {
    return this.#size;
  }

  /** @param receivedMs `performance.now()` at or after the arrival; must not decrease from call to call */
  add(item: T, receivedMs: number): void {
    if (this.#size === this.#items.length) this.#grow();
    const index = (this.#head + this.#size) & (this.#items.length - 1);
    this.#items[index] = item;
    this.#dueMs[index] = receivedMs + this.#delayMs;
    this.#size++;
    if (this.#timer === undefined) this.#arm();
  }

  #arm(): void {
    const waitMs = (this.#dueMs[this.#head] as number) - performance.now();
    this.#timer = setTimeout(this.#fire, Math.max(1, Math.ceil(waitMs)));
  }

  /**
   * A timer may fire up to one loop turn early, so the clock decides, and an early fire sets the timer again.
   */
  readonly #fire = (): void => {
    const nowMs = performance.now();
    const due: T[] = [];
    while (this.#size > 0 && (this.#dueMs[this.#head] as number) <= nowMs) {
      due.push(this.#items[this.#head] as T);
      this.#items[this.#head] = undefined;
      this.#head = (this.#head + 1) & (this.#items.length - 1);
      this.#size--;
    }
    this.#timer = undefined;
    if (this.#size > 0) this.#arm();
    if (due.length > 0) this.#release(due);
  };

  #grow(): void {
    const { length } = this.#items;
    const items: (T | undefined)[] = Array.from({ length: length * 2 });
    const dueMs = new Float64Array(length * 2);
    for (let offset = 0; offset < this.#size; offset += 1) {
      const index = (this.#head + offset) & (length - 1);
      items[offset] = this.#items[index];
      dueMs[offset] = this.#dueMs[index] as number;
    }
    this.#items = items;
    this.#dueMs = dueMs;
    this.#head = 0;
  }
}
