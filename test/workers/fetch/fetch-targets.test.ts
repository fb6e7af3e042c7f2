import { makeBodyProgress } from '../../../src/model/body/body-progress.ts';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { nowMs } from '../../../src/measure/clock.ts';
import { Tally } from '../../../src/measure/tally.ts';
import {
  makeFetchShared,
  type FetchTask,
  type FromFetchWorker,
  GAUGES,
} from '../../../src/model/fetch-task.ts';
import { Histogram } from '../../../src/measure/histogram.ts';
import { makeOwnRows } from '../../../src/model/shared/origin-fields.ts';
import type { Target } from '../../../src/model/target.ts';
import { fetchTargets } from '../../../src/workers/fetch/fetch-targets.ts';
import { LIMITS, REQUEST } from './engine-world.ts';

const MAX_IN_FLIGHT = 8;
const TARGET_COUNT = 40;

async function openCountingOrigin(t: TestContext) {
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end('body');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, count: () => asked };
}

function taskFor(port: MessagePort): FetchTask {
  const shared = makeFetchShared(5000, nowMs());
  return {
    workerIndex: 0,
    port,
    sink: { kind: 'discard' },
    request: REQUEST,
    limits: LIMITS,
    budgets: { maxPerOrigin: 0, maxAttemptsPerSec: 0, maxBytesPerSec: 0 },
    maxInFlight: MAX_IN_FLIGHT,
    shared,
    tally: Tally.allocate(),
    gauges: new SharedArrayBuffer(GAUGES.fieldCount * 8),
    bodyProgress: makeBodyProgress(),
    ownRows: makeOwnRows(shared.origins),
    inFlight: new SharedArrayBuffer(8 * MAX_IN_FLIGHT),
    maxNames: 64,
    nameTimes: Histogram.allocate(),
  };
}

const targetsAt = (origin: string): Target[] =>
  Array.from({ length: TARGET_COUNT }, (_, index) => ({ index, url: `${origin}/${index}`, line: 0 }));

/** Waits until `isTrue`, 10 s at most. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let left = 2_000; left > 0 && !isTrue(); left--) await wait(5);
}

test('an answer keeps its slot until it is recorded, so that no more than the slots is ever asked for again', async (t) => {
  const { origin, count } = await openCountingOrigin(t);
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  let told = 0;
  let isRecording = false;
  port1.on('message', (message: FromFetchWorker) => {
    if (message.kind !== 'settled') return;
    told += message.outcomes.length;
    if (isRecording) port1.postMessage({ kind: 'recorded', count: message.outcomes.length });
  });
  const working = fetchTargets(taskFor(port2));
  const targets = targetsAt(origin);
  port1.postMessage({ kind: 'targets', targets });
  port1.postMessage({ kind: 'end' });
  await until(() => told === MAX_IN_FLIGHT);
  // Long enough for many more answers of a server that is idle.
  await wait(200);
  assert.deepEqual([count(), told], [MAX_IN_FLIGHT, MAX_IN_FLIGHT]);
  isRecording = true;
  port1.postMessage({ kind: 'recorded', count: told });
  await working;
  await until(() => told === TARGET_COUNT);
  assert.deepEqual([count(), told], [TARGET_COUNT, TARGET_COUNT]);
});

test('a worker gives back the last of what it has not begun, and never sees to it', async (t) => {
  const { origin, count } = await openCountingOrigin(t);
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const told: number[] = [];
  const answers: { indexes: readonly number[]; isAll: boolean }[] = [];
  port1.on('message', (message: FromFetchWorker) => {
    if (message.kind === 'given-back') answers.push({ indexes: message.indexes, isAll: message.isAll });
    if (message.kind === 'settled') told.push(...message.outcomes.map(({ index }) => index));
  });
  const working = fetchTargets(taskFor(port2));
  const targets = targetsAt(origin);
  port1.postMessage({ kind: 'targets', targets });
  await until(() => told.length === MAX_IN_FLIGHT);
  // Nothing of it is recorded, so that nothing more begins.
  port1.postMessage({ kind: 'give-back', count: 3 });
  port1.postMessage({ kind: 'give-back', count: 1000 });
  await until(() => answers.length === 2);
  const [first, second] = answers;
  assert.deepEqual(first, { indexes: [37, 38, 39], isAll: false });
  assert.deepEqual(second, {
    indexes: targets.slice(MAX_IN_FLIGHT, 37).map(({ index }) => index),
    isAll: true,
  });
  port1.postMessage({ kind: 'end' });
  await working;
  assert.equal(count(), MAX_IN_FLIGHT);
  assert.deepEqual(
    told.toSorted((a, b) => a - b),
    targets.slice(0, MAX_IN_FLIGHT).map(({ index }) => index),
  );
});
