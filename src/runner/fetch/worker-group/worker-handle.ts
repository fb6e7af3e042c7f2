// The main thread's side of one worker of a fetch: the targets it was given, the port to its thread, and the memory
// in which it counts. Outlives its thread: a successor takes over what is pending.

import type { MessagePort } from 'node:worker_threads';
import { Tally } from '../../../measure/tally.ts';
import { GAUGES, type ToFetchWorker } from '../../../model/fetch-task.ts';
import { makeOwnPlaces } from '../../../model/origin-fields.ts';
import type { Stored } from '../../../model/outcome.ts';
import type { Target } from '../../../model/target.ts';
import type { WorkerShare } from './level-shares.ts';

/** Targets a worker has besides those in flight: what other origins can use while one is full. */
export const AHEAD_COUNT = 2048;
/** Targets in one message. */
export const BATCH_COUNT = 64;

export class WorkerHandle implements WorkerShare {
  /** Given to it and not settled, by index. */
  readonly pending = new Map<number, Target>();
  readonly tallyBuffer = Tally.allocate();
  readonly tally = new Tally(this.tallyBuffer);
  readonly gauges = new SharedArrayBuffer(GAUGES.fieldCount * 8);
  readonly ownPlaces: SharedArrayBuffer;
  readonly capacity: number;
  readonly maxInFlight: number;
  port: MessagePort | null = null;
  /** What it waits for, where nothing of its share moves. */
  waits: string | null = null;
  /** Where the present thread's last settled body went. */
  last: Stored | null = null;
  isAllBegun = false;
  isAsked = false;

  constructor(maxInFlight: number, origins: SharedArrayBuffer) {
    this.maxInFlight = maxInFlight;
    this.ownPlaces = makeOwnPlaces(origins);
    this.capacity = maxInFlight + AHEAD_COUNT;
  }

  get pendingCount(): number {
    return this.pending.size;
  }

  get room(): number {
    return this.capacity - this.pending.size;
  }

  send(message: ToFetchWorker): void {
    this.port?.postMessage(message);
  }

  give(targets: readonly Target[]): void {
    for (const target of targets) this.pending.set(target.index, target);
    this.sendBatches(targets);
  }

  /** Also says that it has something to begin again. */
  sendBatches(targets: readonly Target[]): void {
    this.isAllBegun = false;
    for (let start = 0; start < targets.length; start += BATCH_COUNT)
      this.send({ kind: 'targets', targets: targets.slice(start, start + BATCH_COUNT) });
  }
}
