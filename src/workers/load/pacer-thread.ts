// The thread of a pacer: it knows the same due times as the worker that it wakes, and sleeps from one to the
// next.

import { parentPort, workerData } from 'node:worker_threads';
import { Arrivals } from '../../measure/arrivals.ts';
import { nowMs } from '../../measure/clock.ts';
import { LOAD_CONTROL } from '../../model/load/load-task.ts';
import { PACER, type PacerTask } from './pacer.ts';

/** Shorter sleeps cost more in waking than they gain; requests that become due meanwhile are sent together. */
const LEAST_SLEEP_MS = 0.05;

/** How long the thread waits for the gate before it checks whether it should end. */
const GATE_MS = 500;

const { arrivals: options, shared, signals: buffer } = workerData as PacerTask;
const signals = new Int32Array(buffer);
const arrivals = new Arrivals(options);

const control = new Int32Array(shared.control);
while (Atomics.load(signals, PACER.stop) === 0)
  if (Atomics.wait(control, LOAD_CONTROL.gate, 0, GATE_MS) !== 'timed-out') break;
const startMs = new Float64Array(shared.startedAtMs)[0] as number;

while (Atomics.load(signals, PACER.stop) === 0) {
  const passedMs = nowMs() - startMs;
  if (arrivals.nextMs <= passedMs) {
    arrivals.skipTo(passedMs);
    if (Atomics.exchange(signals, PACER.isTold, 1) === 0) parentPort?.postMessage(null);
  }
  if (arrivals.nextMs === Number.POSITIVE_INFINITY) break;
  const leftMs = arrivals.nextMs - (nowMs() - startMs);
  Atomics.wait(signals, PACER.stop, 0, Math.max(LEAST_SLEEP_MS, leftMs));
}
