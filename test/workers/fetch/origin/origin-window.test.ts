import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFetchShared, type FetchBudgets } from '../../../../src/model/fetch-task.ts';
import { OriginRows } from '../../../../src/workers/fetch/origin/origin-rows.ts';
import { readKnee } from '../../../../src/model/shared/origin-fields.ts';
import { OriginBudgets } from '../../../../src/workers/fetch/origin/origin-budgets.ts';
import { limiting, type OriginModel, queueing, refusing, simulate } from './virtual-origin.ts';

const ADAPTIVE: FetchBudgets = {
  maxPerOrigin: 0,
  isAdaptive: true,
  maxAttemptsPerSec: 0,
  maxBytesPerSec: 0,
};

for (const [name, model, bestPerSec] of [
  ['20 at once in 50 ms and refuses more', refusing(20, 50), 400],
  ['20 at once in 1 s and refuses more', refusing(20, 1000), 20],
  ['200 at once in 100 ms and refuses more', refusing(200, 100), 2000],
  ['2,000 at once in 500 ms and refuses more', refusing(2000, 500), 4000],
  ['20 at once in 50 ms and queues more', queueing(20, 50), 400],
  ['200 at once in 100 ms and queues more', queueing(200, 100), 2000],
  ['2,000 at once in 500 ms and queues more', queueing(2000, 500), 4000],
  ['2 at once in 1 ms and queues more', queueing(2, 1), 2000],
] satisfies [string, OriginModel, number][])
  test(`an origin that serves ${name} is used to 85 % within 10 s, with less than 2 % refused`, () => {
    const seconds = simulate(model, { seconds: 30 }).slice(10);
    const answered = seconds.reduce((sum, second) => sum + second.answered, 0);
    const refused = seconds.reduce((sum, second) => sum + second.refused, 0);
    assert.ok(answered / seconds.length > bestPerSec * 0.85, `${answered / seconds.length} a second`);
    assert.ok(refused < (answered + refused) * 0.02, `${refused} refused of ${answered + refused}`);
  });

for (const [perSec, burst, serviceMs] of [
  [2, 0, 1],
  [20, 5, 1],
  [200, 0, 1],
  [200, 20, 30],
  [2000, 20, 1],
] as const)
  test(`an origin that takes ${perSec} a second, and ${burst} beyond, is used to 70 %, with less than 2 % refused`, () => {
    const seconds = simulate(limiting(perSec, burst, serviceMs), { seconds: 60 }).slice(10);
    const answered = seconds.reduce((sum, second) => sum + second.answered, 0);
    const refused = seconds.reduce((sum, second) => sum + second.refused, 0);
    assert.ok(answered / seconds.length > perSec * 0.7, `${answered / seconds.length} a second`);
    assert.ok(refused < (answered + refused) * 0.02, `${refused} refused of ${answered + refused}`);
  });

test('an origin that answers at once is asked for 32 at a time within the first thousand answers', () => {
  let count = 0;
  let atCount = 0;
  const serveAtOnce = (open: number) => {
    count++;
    if (open >= 32) atCount ||= count;
    return 1;
  };
  simulate({ serve: serveAtOnce }, { seconds: 3 });
  assert.ok(atCount > 0 && atCount < 1000, `32 at once after ${atCount} requests`);
});

test('an origin that becomes smaller is followed down, and one that becomes larger is found again', () => {
  let capacity = 100;
  let calls = 0;
  const model: OriginModel = {
    serve: (open, random) => (open >= capacity ? null : 50 * (1 + 0.1 * (random() - 0.5))),
  };
  const windows: number[] = [];
  simulate(
    {
      serve: (open, random, nowMs) => {
        calls++;
        if (calls === 20_000) capacity = 30;
        if (calls === 40_000) capacity = 300;
        return model.serve(open, random, nowMs);
      },
    },
    { seconds: 120 },
  ).forEach(({ window }) => windows.push(window));
  assert.ok(
    windows.slice(5, 8).some((window) => window > 85 && window <= 101),
    windows.join(' '),
  );
  assert.ok(
    windows.some((window, second) => second > 10 && window >= 25 && window <= 33),
    windows.join(' '),
  );
  assert.ok((windows.at(-2) ?? 0) > 200, windows.join(' '));
});

test('a window is never wider than --per-origin', () => {
  const seconds = simulate(queueing(1000, 20), { seconds: 5, budgets: { ...ADAPTIVE, maxPerOrigin: 12 } });
  for (const { window } of seconds) assert.ok(window <= 12, `${window}`);
  assert.ok((seconds.at(-1)?.window ?? 0) >= 11);
});

/** Two workers' views of one origin, and a clock that is set by hand. */
function makeBudgets(limits: FetchBudgets) {
  const shared = makeFetchShared(100, 0);
  const clock = { now: 1000 };
  const open = () => new OriginBudgets(shared, limits, () => clock.now);
  return { clock, shared, workers: [open(), open()] as const };
}

const enterAll = (workers: readonly OriginBudgets[], row: number): number => {
  let entered = 0;
  for (const worker of workers)
    while (entered < 1000 && worker.tryEnter(row)) {
      worker.sent(row);
      entered++;
    }
  return entered;
};

for (const [kind, limits] of [
  ['adaptive', ADAPTIVE],
  ['fixed', { ...ADAPTIVE, isAdaptive: false, maxPerOrigin: 64 }],
  ['unbounded', { ...ADAPTIVE, isAdaptive: false }],
] as const)
  test(`after a pause one request goes first over all workers, and answers double what follows (${kind})`, () => {
    const { clock, workers } = makeBudgets(limits);
    const [one, other] = workers;
    const row = 3;
    assert.ok(one.tryEnter(row));
    one.pause(row, 500);
    one.leave(row);
    assert.equal(enterAll(workers, row), 0, 'nobody enters in the pause');
    assert.ok(other.pauseLeftMs(row) > 490);
    clock.now += 501;
    for (let expected = 1; expected <= 16; expected *= 2) {
      const entered = enterAll(workers, row);
      assert.ok(entered >= 1 && entered <= expected, `${entered} where ${expected} may`);
      if (expected === 1) assert.equal(entered, 1);
      clock.now += 20;
      for (let index = 0; index < entered; index++) {
        (index % 2 === 0 ? one : other).leave(row);
        (index % 2 === 0 ? one : other).answered(row, clock.now - 20);
      }
    }
    assert.ok(enterAll(workers, row) >= 8, 'and then as many as at the start');
  });

test('what was sent before a pause opens nothing when it is answered after it', () => {
  const { clock, workers } = makeBudgets(ADAPTIVE);
  const [one, other] = workers;
  const row = 3;
  const sentAtMs = clock.now;
  for (let index = 0; index < 8; index++) assert.ok(one.tryEnter(row));
  clock.now += 10;
  one.pause(row, 100);
  clock.now += 101;
  for (let index = 0; index < 8; index++) {
    one.leave(row);
    one.answered(row, sentAtMs);
  }
  assert.ok(other.tryEnter(row));
  assert.ok(!one.tryEnter(row), 'one at a time');
});

for (const [kind, limits] of [
  ['adaptive', ADAPTIVE],
  ['fixed', { ...ADAPTIVE, isAdaptive: false, maxPerOrigin: 64 }],
] as const)
  test(`what another thread sent into a pause opens nothing either (${kind})`, () => {
    const { clock, workers } = makeBudgets(limits);
    const [one, other] = workers;
    const row = 3;
    for (const worker of workers) assert.ok(worker.tryEnter(row));
    one.pause(row, 100);
    const sentAtMs = clock.now + 5;
    clock.now += 101;
    for (const worker of workers) {
      worker.leave(row);
      worker.answered(row, sentAtMs);
    }
    assert.ok(other.tryEnter(row));
    assert.ok(!one.tryEnter(row), 'one at a time');
  });

test('pauses nobody gave a length double while no answer comes between', () => {
  const { clock, workers } = makeBudgets(ADAPTIVE);
  const [one] = workers;
  const lengths: number[] = [];
  for (let index = 0; index < 5; index++) {
    assert.ok(one.tryEnter(3));
    one.pauseByCount(3, clock.now, 1);
    one.leave(3);
    lengths.push(Math.round(one.pauseLeftMs(3)));
    clock.now += one.pauseLeftMs(3) + 1;
  }
  assert.deepEqual(lengths, [500, 1000, 2000, 4000, 8000]);
});

test('refusals of requests that were on their way when a pause began make it no longer', () => {
  const { clock, workers } = makeBudgets(ADAPTIVE);
  const [one, other] = workers;
  const sentAtMs = clock.now;
  for (const worker of [one, other, one, other]) assert.ok(worker.tryEnter(3));
  clock.now += 10;
  for (const worker of [one, other, one, other]) {
    worker.pauseByCount(3, sentAtMs, 1);
    worker.leave(3);
  }
  assert.equal(Math.round(other.pauseLeftMs(3)), 500);
  clock.now += 501;
  assert.ok(other.tryEnter(3));
  one.pauseByCount(3, clock.now, 1);
  assert.equal(Math.round(other.pauseLeftMs(3)), 1000, 'no answer between');
});

test('what refusals teach is the least time between two requests, and answers shorten it', () => {
  const { clock, workers } = makeBudgets(ADAPTIVE);
  const [one, other] = workers;
  assert.ok(one.tryEnter(3));
  one.pauseByCount(3, clock.now, 1);
  one.leave(3);
  clock.now += 501;
  assert.ok(other.tryEnter(3));
  other.leave(3);
  other.answered(3, clock.now);
  const firstMs = one.waitLeftMs(3);
  assert.ok(firstMs > 0.1 && firstMs <= 20, `${firstMs} ms`);
  assert.ok(!one.tryEnter(3) && !other.tryEnter(3));
  clock.now += firstMs + 0.01;
  assert.ok(one.tryEnter(3));
  one.leave(3);
  for (let answer = 0; answer < 300; answer++) one.answered(3, clock.now);
  clock.now += 1000;
  assert.ok(one.tryEnter(3));
  assert.ok(one.waitLeftMs(3) < firstMs, `${one.waitLeftMs(3)} ms`);
});

test('a crawl-delay is kept by all workers together', () => {
  const { clock, workers } = makeBudgets(ADAPTIVE);
  const [one, other] = workers;
  one.setSpacing(3, 1000);
  assert.ok(other.tryEnter(3));
  assert.ok(!one.tryEnter(3) && !other.tryEnter(3));
  assert.ok(one.waitLeftMs(3) > 990);
  clock.now += 1001;
  assert.ok(one.tryEnter(3));
  assert.ok(!other.tryEnter(3));
});

test('an origin is silent from its first unanswered attempt until a byte comes', () => {
  const { clock, workers } = makeBudgets(ADAPTIVE);
  const [one, other] = workers;
  assert.equal(one.silentMs(3), 0);
  one.begun(3);
  clock.now += 700;
  other.begun(3);
  assert.equal(Math.round(other.silentMs(3)), 700);
  other.heard(3);
  assert.deepEqual([one.silentMs(3), one.isKnown(3)], [0, true]);
});

test('many failures without an answer halve the window, again and again', () => {
  const { clock, workers } = makeBudgets(ADAPTIVE);
  const [one] = workers;
  const opened: number[] = [];
  for (let round = 0; round < 4; round++) {
    const entered = enterAll([one], 3);
    opened.push(entered);
    clock.now += 10_000;
    for (let index = 0; index < entered; index++) {
      one.leave(3);
      one.failed(3, false);
    }
  }
  assert.deepEqual(opened.slice(0, 2), [8, 2]);
  assert.ok((opened.at(-1) ?? 9) <= 2, opened.join(' '));
});

test('the knee that was found is read from the same memory by the origin’s name', () => {
  const { clock, shared, workers } = makeBudgets(ADAPTIVE);
  const origin = 'http://127.0.0.1:8000';
  const row = new OriginRows(shared).enter(origin).row;
  assert.equal(readKnee(shared.origins, origin), null);
  const [one] = workers;
  for (let round = 0; round < 200; round++) {
    const entered = enterAll([one], row);
    clock.now += 20;
    for (let index = 0; index < entered; index++) {
      one.leave(row);
      if (index < 10) one.answered(row, clock.now - 20);
      else one.refused(row, clock.now - 20);
    }
  }
  const knee = readKnee(shared.origins, origin);
  assert.ok(knee !== null && knee.window >= 8 && knee.window <= 12, JSON.stringify(knee));
  assert.ok(knee.ceiling !== null && knee.ceiling <= 13, JSON.stringify(knee));
});
