// A replica's channel to the primary: answers its questions, and asks it for what concerns all replicas.

import { SpillwayError } from '../../model/errors.ts';
import type { ErrorCode } from '../../model/errors.ts';
import type { ReplicaCounters } from './replica-counters.ts';
import type { ToPrimary, ToReplica } from './replica-messages.ts';
import type { ServerStats } from '../server-stats.ts';

/** As often as the client looks: more notes would not be seen. A note costs a replica some 20 us. */
const LOOP_NOTE_EVERY_MS = 100;

/** How old the counts of a replica that dies may be, and how many bytes a second their bitmaps may cost at most. */
const COUNTS_NOTE_EVERY_MS = 250;
const COUNTS_NOTE_BYTES_PER_MS = 4_000;

interface Question {
  readonly resolve: (stats: ServerStats | undefined) => void;
  readonly reject: (error: SpillwayError) => void;
}

export class PrimaryLink {
  readonly #counters: ReplicaCounters;
  readonly #onDrain: () => void;
  readonly #questions = new Map<number, Question>();
  #lastId = 0;
  #loopTimer: NodeJS.Timeout | undefined;
  #notedActivity = 0;

  constructor(counters: ReplicaCounters, onDrain: () => void) {
    this.#counters = counters;
    this.#onDrain = onDrain;
    process.on('message', (message) => {
      this.#receive(message as ToReplica);
    });
  }

  ready(): void {
    this.#send({ type: 'ready' });
    this.#notedActivity = this.#counters.activity;
    const everyMs = Math.max(COUNTS_NOTE_EVERY_MS, this.#counters.bitmapBytes / COUNTS_NOTE_BYTES_PER_MS);
    setInterval(() => this.#noteCounts(), everyMs).unref();
    // The last word of a replica that ends by itself, by an error too: a message this small leaves at once.
    process.once('exit', () => this.#noteCounts());
  }

  /** Resolves when the message has left, because the process ends next. */
  failed(code: ErrorCode, message: string): Promise<void> {
    return new Promise((resolve) => {
      process.send?.({ type: 'failed', code, message } satisfies ToPrimary, undefined, undefined, () => {
        resolve();
      });
    });
  }

  /** Statistics of all replicas. @throws ERR_SERVER when the primary could not collect them */
  async stats(): Promise<ServerStats> {
    return (await this.#ask('ask-stats')) as ServerStats;
  }

  /** Resolves when every replica has started its counts again. @throws ERR_SERVER as with `stats` */
  async reset(): Promise<void> {
    await this.#ask('ask-reset');
  }

  #ask(type: 'ask-stats' | 'ask-reset'): Promise<ServerStats | undefined> {
    this.#lastId++;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#questions.set(id, { resolve, reject });
      this.#send({ type, id });
    });
  }

  #receive(message: ToReplica): void {
    switch (message.type) {
      case 'snapshot':
        // Note the loop before answering, so that a question at the end of a run also gets the end of the
        // loop's account.
        if (this.#loopTimer !== undefined) this.#noteLoop();
        this.#send({ type: 'snapshot-answer', id: message.id, snapshot: this.#counters.snapshot() });
        break;
      case 'reset':
        this.#counters.reset();
        // What is in flight counts from the start.
        this.#notedActivity = 0;
        this.#send({ type: 'reset-done', id: message.id });
        break;
      case 'watch-loop':
        this.#watchLoop(message.isWatched);
        break;
      case 'drain':
        this.#onDrain();
        break;
      case 'stats-answer':
        this.#take(message.id)?.resolve(message.stats);
        break;
      case 'reset-answer':
        this.#take(message.id)?.resolve(undefined);
        break;
      case 'refusal':
        this.#take(message.id)?.reject(new SpillwayError('ERR_SERVER', message.message));
        break;
    }
  }

  /** Starts or stops the timer, so that a loop that nobody watches is not woken. */
  #watchLoop(isWatched: boolean): void {
    clearInterval(this.#loopTimer);
    this.#loopTimer = isWatched ? setInterval(() => this.#noteLoop(), LOOP_NOTE_EVERY_MS).unref() : undefined;
  }

  /** Nothing to say where nothing was counted. */
  #noteCounts(): void {
    const { activity } = this.#counters;
    if (activity === this.#notedActivity) return;
    this.#notedActivity = activity;
    this.#send({ type: 'counts-note', snapshot: this.#counters.snapshot() });
  }

  #noteLoop(): void {
    this.#send({ type: 'loop-note', loopMs: this.#counters.loopMs() });
  }

  #take(id: number): Question | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    return question;
  }

  /**
   * Sends a message. The channel may be closing: then the process is about to end, and nobody needs the
   * message.
   */
  #send(message: ToPrimary): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  }
}
