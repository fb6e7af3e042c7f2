import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { nowMs } from '../../src/measure/clock.ts';

test('time never goes back, and is the monotonic clock of the machine', () => {
  const machineMs = () => Number(process.hrtime.bigint()) / 1e6;
  let last = nowMs();
  for (let count = 0; count < 10_000; count++) {
    const now = nowMs();
    assert.ok(now >= last);
    last = now;
  }
  const before = machineMs();
  const now = nowMs();
  const after = machineMs();
  assert.ok(now >= before - 1 && now <= after + 1, `expected ${now} within ${before} … ${after}`);
});

test('a thread reads the same clock: its reading lies between two of ours, though its own began later', async () => {
  const clockUrl = new URL('../../src/measure/clock.ts', import.meta.url);
  const source = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(clockUrl.href)}).then(({ nowMs }) => {
      parentPort.on('message', () => { parentPort.postMessage(nowMs()); parentPort.close(); });
      parentPort.postMessage('ready');
    });`;
  const worker = new Worker(source, { eval: true });
  // It may be gone by the time its answer is looked at.
  const exited = once(worker, 'exit');
  await once(worker, 'message');
  const before = nowMs();
  worker.postMessage('what time is it');
  const [there] = (await once(worker, 'message')) as [number];
  const after = nowMs();
  await exited;
  assert.ok(there >= before - 1 && there <= after + 1, `expected ${there} within ${before} … ${after}`);
});
