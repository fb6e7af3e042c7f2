// One timer for all connections of a lane that are in the making, instead of a timer a socket. It knows no sockets.

/** A connection in the making. */
export interface Connecting {
  /** Called once, when the deadline passed and `remove` was not called. */
  expire(): void;
}

/**
 * Ends connections that take too long. The timer runs only while something is in the making, and never keeps the
 * process alive. A deadline is met to within a quarter of its length, and never fires early.
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
    // Timers run before sockets are polled: after a long turn a connection may stand already and only be unread, so
    // whatever looks late is looked at again once this turn's sockets had their say.
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
