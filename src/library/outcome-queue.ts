// Outcomes on their way to the reader, in bounded memory: the run asks here before targets are given to the workers, and
// waits while as many as agreed are under way or unread. Knows nothing of workers, sources or sinks.

import { SpillwayError } from '../model/errors.ts';
import type { Outcome } from '../model/outcome.ts';

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
  /** In order: those that wait for an earlier one. */
  readonly #early = new Map<number, Entry>();
  #nextIndex = 0;
  /** Given to the workers, or settled by the source itself, and not yet read. */
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

  /** How many of the next `count` targets may go to the workers. */
  async admit(count: number, signal: AbortSignal): Promise<number> {
    const wake = () => this.#hasRoom.resolve();
    signal.addEventListener('abort', wake, { once: true });
    while (this.#mode !== 'unread' && this.#unreadCount >= this.#options.maxUnread && !signal.aborted) {
      this.#isHolding = true;
      await this.#hasRoom.promise;
    }
    this.#isHolding = false;
    signal.removeEventListener('abort', wake);
    const admitted =
      this.#mode === 'unread' ? count : Math.min(count, this.#options.maxUnread - this.#unreadCount);
    this.#unreadCount += Math.max(0, admitted);
    return admitted;
  }

  push(outcomes: readonly Outcome[], values: readonly unknown[] | undefined): void {
    if (this.#mode === 'unread') return;
    for (const [at, outcome] of outcomes.entries()) {
      if (isOfSource(outcome)) this.#unreadCount++;
      const entry = { outcome, value: values?.[at] };
      if (this.#options.order === 'as-completed') this.#ready.push(entry);
      else this.#early.set(outcome.index, entry);
    }
    this.#releaseEarly();
    this.#tell();
  }

  /** No more will come. @param error what the reader is to hear of after the last outcome */
  end(error: Error | null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    // A run that was stopped never settles some; what waited for those is in order all the same.
    const left = [...this.#early.values()].sort((a, b) => a.outcome.index - b.outcome.index);
    this.#early.clear();
    this.#ready.push(...left);
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

  #releaseEarly(): void {
    for (;;) {
      const entry = this.#early.get(this.#nextIndex);
      if (entry === undefined) return;
      this.#early.delete(this.#nextIndex);
      this.#nextIndex++;
      this.#ready.push(entry);
    }
  }

  #dismiss(): void {
    this.#mode = 'unread';
    this.#ready = [];
    this.#nextReady = 0;
    this.#early.clear();
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
