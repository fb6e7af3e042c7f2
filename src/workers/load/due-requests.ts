// Requests that are due and wait for a free connection, in order: their numbers and due times in a ring that grows.

export class DueRequests {
  #ring = new Float64Array(2 * 1024);
  #first = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(index: number, dueMs: number): void {
    if (this.#count * 2 === this.#ring.length) this.#grow();
    const at = ((this.#first + this.#count) * 2) % this.#ring.length;
    this.#ring[at] = index;
    this.#ring[at + 1] = dueMs;
    this.#count++;
  }

  /** Takes out the one that has waited longest; call it only while there is one. */
  shift(): { index: number; dueMs: number } {
    const at = this.#first * 2;
    this.#first = (this.#first + 1) % (this.#ring.length / 2);
    this.#count--;
    return { index: this.#ring[at] as number, dueMs: this.#ring[at + 1] as number };
  }

  #grow(): void {
    const larger = new Float64Array(this.#ring.length * 2);
    const start = this.#first * 2;
    larger.set(this.#ring.subarray(start));
    larger.set(this.#ring.subarray(0, start), this.#ring.length - start);
    this.#ring = larger;
    this.#first = 0;
  }
}
