// Wakes a worker when its next request is due. A thread of its own sleeps in `Atomics.wait`, whose time-outs take
// fractions of a millisecond; the worker's own timers are late by half a millisecond on average and by two at p99.

import { Worker } from 'node:worker_threads';
import type { ArrivalOptions } from '../../measure/arrivals.ts';
import type { SharedLoad } from '../../model/load/load-task.ts';
import { programUrl } from '../../program-url.ts';

/** What the thread is started with. */
export interface PacerTask {
  readonly arrivals: ArrivalOptions;
  /** The gate that the thread waits at, and the time that is set when the gate opens. */
  readonly shared: SharedLoad;
  /** Int32 fields, see `PACER`. */
  readonly signals: SharedArrayBuffer;
}

export const PACER = {
  /** 1: the thread is to end. */
  stop: 0,
  /** 1: a message is under way that the worker has not read yet, so another one is not needed. */
  isTold: 1,
  fieldCount: 2,
} as const;

export class Pacer implements AsyncDisposable {
  readonly #signals = new Int32Array(new SharedArrayBuffer(PACER.fieldCount * 4));
  readonly #thread: Worker;

  /**
   * Starts the thread, which waits for the gate.
   * @param onDue called when at least one request is due, once for all that are due
   */
  constructor(arrivals: ArrivalOptions, shared: SharedLoad, onDue: () => void) {
    const task: PacerTask = { arrivals, shared, signals: this.#signals.buffer };
    this.#thread = new Worker(programUrl('workers/load/pacer-thread'), { workerData: task });
    this.#thread.on('message', () => {
      Atomics.store(this.#signals, PACER.isTold, 0);
      onDue();
    });
  }

  /** Resolves when the thread runs. */
  async ready(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#thread.once('online', resolve);
      this.#thread.once('error', reject);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Atomics.store(this.#signals, PACER.stop, 1);
    Atomics.notify(this.#signals, PACER.stop);
    await this.#thread.terminate();
  }
}
