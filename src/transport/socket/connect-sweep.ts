// One timer for all connections of a lane that are being made, instead of a timer for each. It knows no
// sockets.

/** A connection that is being made. */
export interface Connecting {
  /** Called once, when the deadline passed and `remove` was not called. */
  expire(): void;
}

/**
 * Ends connections that take too long to make. The timer runs only while one is being made, and never keeps
 * the process alive. A deadline is met to within a quarter of its length, and never fires early.
 */
export class ConnectSweep {
  readonly #timeoutMs: number;
  /** In the order they began, so that the first is the first to expire. */
  readonly #startedAtMs = new Map<Connecting, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param timeoutMs 0 for no deadline */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  add(connecting: Connecting): void {
    if (this.#timeoutMs === 0) return;
    this.#startedAtMs.set(connecting, performance.now());
    if (this.#timer !== undefined) return;
    const periodMs = Math.max(1, Math.min(250, this.#timeoutMs / 4));
    this.#timer = setInterval(() => this.#look(), periodMs);
    this.#timer.unref();
  }

  remove(connecting: Connecting): void {
    if (!this.#startedAtMs.delete(connecting) || this.#startedAtMs.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    // Timers run before sockets are polled. After a long turn a connection may be established and not yet
    // noticed, so a late one is checked again once the sockets of this turn were polled.
    if (this.#isLate()) setImmediate(() => this.#expireLate());
  }

  #isLate(): boolean {
    for (const startedAtMs of this.#startedAtMs.values())
      return performance.now() - startedAtMs >= this.#timeoutMs;
    return false;
  }

  #expireLate(): void {
    for (const [connecting, startedAtMs] of this.#startedAtMs) {
      if (performance.now() - startedAtMs < this.#timeoutMs) return;
      this.remove(connecting);
      connecting.expire();
    }
  }
}
