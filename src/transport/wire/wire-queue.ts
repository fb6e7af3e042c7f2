// The open attempts of one connection slot in the order they were sent. A ring, because every answer removes
// the first and every request adds a last, a million times.

import type { Exchange } from '../lane.ts';

export class WireQueue {
  /** Has a length that is a power of two. */
  #ring: (Exchange | undefined)[] = [undefined];
  readonly #likelyCount: number;
  #first = 0;
  #count = 0;

  /** @param likelyCount how many attempts are usually open at once: the second one makes room for so many */
  constructor(likelyCount = 1) {
    this.#likelyCount = likelyCount;
  }

  get count(): number {
    return this.#count;
  }

  at(index: number): Exchange {
    return this.#ring[(this.#first + index) & (this.#ring.length - 1)] as Exchange;
  }

  push(exchange: Exchange): void {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#count++) & (this.#ring.length - 1)] = exchange;
  }

  shift(): Exchange {
    const exchange = this.#ring[this.#first] as Exchange;
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.#count--;
    return exchange;
  }

  /** @returns -1 where the exchange is not open */
  indexOf(exchange: Exchange): number {
    for (let index = 0; index < this.#count; index++) if (this.at(index) === exchange) return index;
    return -1;
  }

  removeAt(index: number): void {
    const rest = this.#take();
    rest.splice(index, 1);
    for (const exchange of rest) this.push(exchange);
  }

  /** Removes and returns the first `count`. */
  takeFirst(count: number): Exchange[] {
    const taken: Exchange[] = [];
    while (taken.length < count) taken.push(this.shift());
    return taken;
  }

  #take(): Exchange[] {
    return this.takeFirst(this.#count);
  }

  #grow(): void {
    let capacity = 2 * this.#ring.length;
    while (capacity < this.#likelyCount) capacity *= 2;
    const ring: (Exchange | undefined)[] = [];
    while (ring.length < capacity) ring.push(ring.length < this.#count ? this.at(ring.length) : undefined);
    this.#ring = ring;
    this.#first = 0;
  }
}
