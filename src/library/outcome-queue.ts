// Outcomes on their way to the reader, in bounded memory: the run asks here before targets are given to the workers, and
// waits while as many as agreed are under way or unread. Knows nothing of workers, sources or sinks.

import { SpillwayError } from '../model/errors.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Target } from '../model/target.ts';
import { SourceOrder } from './source-order.ts';

export interface Entry {
  readonly outcome: Outcome;
  /** What the sink made of the body. */
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
  #hasRoom = Promise.withResolvers<void>();
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

  /** How many of `targets` may go to the workers; all items below `takenCount` that are not among them are known here. */
  async admit(targets: readonly Target[], takenCount: number, signal: AbortSignal): Promise<number> {
    const wake = () => this.#hasRoom.resolve();
    signal.addEventListener('abort', wake, { once: true });
    this.#knowUpTo(targets[0]?.index ?? takenCount);
    while (this.#mode !== 'unread' && this.#unreadCount >= this.#options.maxUnread && !signal.aborted) {
      this.#isHolding = true;
      await this.#hasRoom.promise;
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

  /** No more will come. @param error what the reader is to hear of after the last outcome */
  end(error: Error | null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    for (const entry of this.#order.takeRest()) this.#ready.push(entry);
    this.#tell();
  }

  /** Nobody will read: lets go of what is kept. Too late once somebody does. */
  giveUp(): void {
    if (this.#mode === 'undecided') this.#dismiss();
  }

  /** The one reader. @throws SpillwayError ERR_OPTION for a second one, or when outcomes were given up before */
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
    // Room for several at once: a message to a worker for each target would cost more than the target.
    const { maxUnread } = this.#options;
    if (this.#isHolding && this.#unreadCount <= maxUnread - Math.ceil(maxUnread / 8)) this.#makeRoom();
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
   * What the source settled counts from here on. Not before: what waits in order for targets of its own group would take
   * the room that they need.
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
    this.#makeRoom();
    this.#tell();
  }

  #makeRoom(): void {
    this.#hasRoom.resolve();
    this.#hasRoom = Promise.withResolvers();
  }

  #tell(): void {
    this.#hasNews.resolve();
    this.#hasNews = Promise.withResolvers();
  }
}

/** Settled without ever having been given to a worker, so not counted when it was. */
function isOfSource(outcome: Outcome): boolean {
  if (outcome.kind === 'skipped') return outcome.reason !== 'stopped';
  return outcome.kind === 'failed' && outcome.code === 'bad-target';
}
