// Outcomes on their way to the reader, in bounded memory: the run asks here before it gives targets to the workers,
// and waits while `maxUnread` of them are under way or unread. Knows nothing of workers, sources or sinks.

import { SpillwayError } from '../model/errors.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Target } from '../model/target.ts';
import { SourceOrder } from './source-order.ts';

export interface Entry {
  readonly outcome: Outcome;
  /** What the sink returned for the body. */
  readonly value: unknown;
}

export interface QueueOptions {
  readonly order: 'as-completed' | 'in-order';
  readonly maxUnread: number;
}

/**
 * `undecided`: outcomes are kept, up to the bound, in case somebody reads. `reading`: somebody does. `unread`: nobody
 * will, so none are kept and nobody is waited for.
 */
type Mode = 'undecided' | 'reading' | 'unread';

export class OutcomeQueue {
  readonly #options: QueueOptions;
  #mode: Mode = 'undecided';
  #ready: Entry[] = [];
  #nextReady = 0;
  readonly #order = new SourceOrder<Entry>(({ outcome }) => outcome.index);
  /** Given to the workers, or settled by the source itself and ready, and not yet read. */
  #unreadCount = 0;
  #isEnded = false;
  #error: Error | null = null;
  #hasCapacity = Promise.withResolvers<void>();
  #hasNews = Promise.withResolvers<void>();
  #isHolding = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** True while the run waits for the reader. */
  get isHolding(): boolean {
    return this.#isHolding;
  }

  get isRead(): boolean {
    return this.#mode === 'reading';
  }

  /**
   * Waits for room, and says how many of `targets` may go to the workers. Every item of the source below
   * `takenCount` that is not among them has been pushed already, or never will be.
   */
  async admit(targets: readonly Target[], takenCount: number, signal: AbortSignal): Promise<number> {
    const wake = () => this.#hasCapacity.resolve();
    signal.addEventListener('abort', wake, { once: true });
    this.#knowUpTo(targets[0]?.index ?? takenCount);
    while (this.#mode !== 'unread' && this.#unreadCount >= this.#options.maxUnread && !signal.aborted) {
      this.#isHolding = true;
      await this.#hasCapacity.promise;
    }
    this.#isHolding = false;
    signal.removeEventListener('abort', wake);
    if (this.#mode === 'unread') return targets.length;
    const count = Math.max(0, Math.min(targets.length, this.#options.maxUnread - this.#unreadCount));
    this.#unreadCount += count;
    if (this.#options.order === 'in-order')
      for (const { index } of targets.slice(0, count)) this.#order.expect(index);
    this.#knowUpTo(targets[count]?.index ?? takenCount);
    return count;
  }

  push(outcomes: readonly Outcome[], values: readonly unknown[] | undefined): void {
    if (this.#mode === 'unread') return;
    for (const [at, outcome] of outcomes.entries()) {
      const entry = { outcome, value: values?.[at] };
      if (this.#options.order === 'as-completed') this.#makeReady(entry);
      else this.#order.add(entry, isOfSource(outcome));
    }
    this.#release();
  }

  /** Says that no more outcomes come. @param error thrown to the reader after the last outcome */
  end(error: Error | null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    for (const entry of this.#order.takeRest()) this.#ready.push(entry);
    this.#tell();
  }

  /** Drops the kept outcomes, since nobody will read them. Does nothing once somebody reads. */
  giveUp(): void {
    if (this.#mode === 'undecided') this.#dismiss();
  }

  /**
   * Begins to read; there is one reader.
   * @throws SpillwayError ERR_OPTION for a second one, or when outcomes were given up before
   */
  read(): AsyncIterator<Entry, undefined> {
    if (this.#mode !== 'undecided') {
      const found = this.#mode === 'reading' ? 'a second reader' : 'a reader after the report was asked for';
      throw new SpillwayError(
        'ERR_OPTION',
        `outcomes: expected one reader, who begins before the report is awaited, found ${found}`,
      );
    }
    this.#mode = 'reading';
    return {
      next: () => this.#next(),
      return: () => {
        this.#dismiss();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async #next(): Promise<IteratorResult<Entry, undefined>> {
    for (;;) {
      const entry = this.#take();
      if (entry !== undefined) return { done: false, value: entry };
      if (this.#mode === 'unread') return { done: true, value: undefined };
      if (this.#isEnded) {
        const error = this.#error;
        this.#dismiss();
        if (error !== null) throw error;
        return { done: true, value: undefined };
      }
      await this.#hasNews.promise;
    }
  }

  #take(): Entry | undefined {
    const entry = this.#ready[this.#nextReady];
    if (entry === undefined) return undefined;
    this.#nextReady++;
    if (this.#nextReady === this.#ready.length) {
      this.#ready = [];
      this.#nextReady = 0;
    }
    this.#unreadCount--;
    // Wakes the run for an eighth at a time: a message to a worker for each target would cost more than the target.
    const { maxUnread } = this.#options;
    if (this.#isHolding && this.#unreadCount <= maxUnread - Math.ceil(maxUnread / 8)) this.#tellCapacity();
    return entry;
  }

  #knowUpTo(count: number): void {
    this.#order.knowUpTo(count);
    this.#release();
  }

  #release(): void {
    for (let entry = this.#order.take(); entry !== undefined; entry = this.#order.take())
      this.#makeReady(entry);
    this.#tell();
  }

  /**
   * An outcome that the source settled itself counts as unread from here on. It does not count while it waits for
   * targets before it, since it would take the room that those need.
   */
  #makeReady(entry: Entry): void {
    if (isOfSource(entry.outcome)) this.#unreadCount++;
    this.#ready.push(entry);
  }

  #dismiss(): void {
    this.#mode = 'unread';
    this.#ready = [];
    this.#nextReady = 0;
    this.#order.takeRest();
    this.#tellCapacity();
    this.#tell();
  }

  #tellCapacity(): void {
    this.#hasCapacity.resolve();
    this.#hasCapacity = Promise.withResolvers();
  }

  #tell(): void {
    this.#hasNews.resolve();
    this.#hasNews = Promise.withResolvers();
  }
}

/** True for an outcome that the source settled: its target went to no worker, so `admit` did not count it. */
function isOfSource(outcome: Outcome): boolean {
  if (outcome.kind === 'skipped') return outcome.reason !== 'stopped';
  return outcome.kind === 'failed' && outcome.code === 'bad-target';
}
