// Things that are due at a time, the earliest first: a binary heap.

export class DueQueue<Item extends { readonly dueAtMs: number }> {
  readonly #heap: Item[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** All items, in no order. */
  get items(): readonly Item[] {
    return this.#heap;
  }

  /** The earliest item, which stays. */
  get first(): Item | undefined {
    return this.#heap[0];
  }

  /** Takes out the earliest item, if it is due at `atMs`. */
  takeDue(atMs: number): Item | undefined {
    const first = this.#heap[0];
    return first !== undefined && first.dueAtMs <= atMs ? this.#takeFirst() : undefined;
  }

  add(item: Item): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Item;
      if (above.dueAtMs <= item.dueAtMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = item;
  }

  /** Takes out all items, in no order. */
  takeAll(): Item[] {
    return this.#heap.splice(0);
  }

  #takeFirst(): Item | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Item).dueAtMs < (heap[child] as Item).dueAtMs)
        child++;
      const below = heap[child] as Item;
      if (below.dueAtMs >= last.dueAtMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
