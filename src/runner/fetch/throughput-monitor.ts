// Tells whether a run makes progress: its pace over the last seconds, and what it waited for while it made none.

/** Samples that are remembered. */
const MAX_LOOKS = 40;
/** Standstills that the findings list one by one. */
const MAX_TOLD = 5;
/** A pace over a shorter time says nothing. */
const LEAST_MS = 1_000;

export class ThroughputMonitor {
  readonly #looks: { readonly atMs: number; readonly settled: number; readonly bytes: number }[] = [];
  readonly #standstills: string[] = [];
  #standstillCount = 0;
  #waits: string | null = null;

  /** Takes a sample; call it a few times a second. @param waits what the run waits for, if nothing moves */
  look(atMs: number, settled: number, bytes: number, waits: string | null): void {
    this.#looks.push({ atMs, settled, bytes });
    if (this.#looks.length > MAX_LOOKS) this.#looks.shift();
    if (waits !== null && this.#waits === null) this.#standstillCount++;
    if (waits !== null && this.#standstillCount <= MAX_TOLD)
      this.#standstills[this.#standstillCount - 1] = waits;
    this.#waits = waits;
  }

  /** What the run waits for now. */
  get waits(): string | null {
    return this.#waits;
  }

  /** Targets settled per second in the last seconds; null when the run is too young to tell. */
  get perSec(): number | null {
    return this.#pace('settled');
  }

  /** Body bytes received per second in the last seconds; null as `perSec`. */
  get bytesPerSec(): number | null {
    return this.#pace('bytes');
  }

  #pace(of: 'settled' | 'bytes'): number | null {
    const first = this.#looks[0];
    const last = this.#looks.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < LEAST_MS) return null;
    return ((last[of] - first[of]) * 1000) / (last.atMs - first.atMs);
  }

  /** One line for each standstill. */
  findings(): string[] {
    const told = this.#standstills.map((text) => `stood still: ${text}`);
    const more = this.#standstillCount - told.length;
    return more > 0 ? [...told, `stood still ${more} times more`] : told;
  }
}
