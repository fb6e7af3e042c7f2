import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Connecting, ConnectSweep } from '../../../src/transport/socket/connect-sweep.ts';

function connecting(): Connecting & { expired: Promise<number>; isExpired: boolean } {
  const { promise, resolve } = Promise.withResolvers<number>();
  return {
    expired: promise,
    isExpired: false,
    expire() {
      assert.equal(this.isExpired, false, 'expired once');
      this.isExpired = true;
      resolve(performance.now());
    },
  };
}

/** The sweep never keeps a process alive, so something else must. */
async function alive<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1_000);
  return promise.finally(() => clearInterval(timer));
}

test('what is not removed expires, never early and once', { timeout: 10_000 }, async () => {
  const sweep = new ConnectSweep(60);
  const first = connecting();
  const second = connecting();
  const startMs = performance.now();
  sweep.add(first);
  sweep.add(second);
  for (const entry of [first, second]) assert.ok((await alive(entry.expired)) - startMs >= 60);
});

test('what is removed in time does not expire', { timeout: 10_000 }, async () => {
  const sweep = new ConnectSweep(40);
  const kept = connecting();
  const removed = connecting();
  sweep.add(removed);
  sweep.add(kept);
  sweep.remove(removed);
  sweep.remove(removed);
  await alive(kept.expired);
  assert.equal(removed.isExpired, false);
});

test('a turn that lasts longer than the deadline expires nothing that connected meanwhile', {
  timeout: 10_000,
}, async () => {
  const sweep = new ConnectSweep(20);
  const entry = connecting();
  sweep.add(entry);
  // The word that the connection stands comes after the timers of that turn, and before its immediates.
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(() => {
    const untilMs = performance.now() + 60;
    while (performance.now() < untilMs);
    process.nextTick(() => sweep.remove(entry));
    setTimeout(resolve, 50);
  }, 1);
  await promise;
  assert.equal(entry.isExpired, false);
});

test('a timeout of 0 is no deadline', () => {
  const sweep = new ConnectSweep(0);
  sweep.add(connecting());
  sweep.remove(connecting());
});
