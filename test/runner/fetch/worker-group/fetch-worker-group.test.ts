import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpillwayError } from '../../../../src/model/errors.ts';
import { makeFetchShared, type FetchTask, type ToFetchWorker } from '../../../../src/model/fetch-task.ts';
import type { Outcome } from '../../../../src/model/outcome.ts';
import type { Target } from '../../../../src/model/target.ts';
import {
  FetchWorkerGroup,
  type FetchTaskBase,
} from '../../../../src/runner/fetch/worker-group/fetch-worker-group.ts';
import type { WorkerPool } from '../../../../src/runner/pool.ts';

/** Settles each target it gets, until `dyingAfter` of them: then its thread dies with the rest in hand. */
function makePool(dyingAfter: (life: number) => number) {
  const largestHeld: number[] = [];
  const workerIndexes: number[] = [];
  let lives = 0;
  const fetchTargets = (task: FetchTask): Promise<void> => {
    const life = lives++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let settled = 0;
    let held = 0;
    workerIndexes.push(task.workerIndex);
    task.port.on('message', (message: ToFetchWorker) => {
      if (message.kind === 'targets') {
        held += message.targets.length;
        largestHeld[life] = Math.max(largestHeld[life] ?? 0, held);
        for (const { index, url, line } of message.targets) {
          if (settled++ >= dyingAfter(life)) {
            task.port.close();
            reject(new Error('the thread died'));
            return;
          }
          const outcome: Outcome = { kind: 'skipped', index, url, line, reason: 'stopped' };
          setImmediate(() => {
            held--;
            task.port.postMessage({ kind: 'settled', outcomes: [outcome] });
          });
        }
      } else if (message.kind === 'end') {
        setTimeout(() => {
          task.port.close();
          resolve();
        }, 20);
      }
    });
    return promise;
  };
  const pool = { fetchTargets } as unknown as WorkerPool;
  return { pool, workerIndexes, largestHeld };
}

const targetsOf = (count: number): Target[] =>
  Array.from({ length: count }, (_, index) => ({ index, url: `http://h/${index}`, line: 0 }));

function makeWorkerGroup(pool: WorkerPool) {
  const settled = new Map<number, number>();
  const broken: SpillwayError[] = [];
  const workerGroup = new FetchWorkerGroup({
    pool,
    workerCount: 2,
    maxInFlight: 10,
    base: {
      sink: { kind: 'discard' },
      shared: makeFetchShared(100, 0),
    } as FetchTaskBase,
    onSettled: (outcomes) => {
      for (const { index } of outcomes) settled.set(index, (settled.get(index) ?? 0) + 1);
    },
    onBroken: (error) => broken.push(error),
  });
  return { workerGroup, settled, broken };
}

test('what a thread that died left unsettled goes to its successor, which has a series of segments of its own', async () => {
  const { pool, workerIndexes } = makePool((life) => (life === 0 ? 30 : 1e9));
  const { workerGroup, settled } = makeWorkerGroup(pool);
  await workerGroup.give(targetsOf(1000));
  await workerGroup.end();
  assert.equal(settled.size, 1000);
  assert.deepEqual(workerGroup.deaths, ['the thread died']);
  assert.deepEqual(workerIndexes, [0, 1, 2]);
});

test('threads that keep dying break the run instead of being replaced for ever', async () => {
  const { pool } = makePool(() => 0);
  const { workerGroup, broken } = makeWorkerGroup(pool);
  const giving = workerGroup.give(targetsOf(100)).then(() => workerGroup.end());
  await assert.rejects(giving, {
    code: 'ERR_RUN_BROKEN',
    message: /worker threads that live, but \d+ died/u,
  });
  assert.ok(broken.length > 0);
});

test('a worker never holds more than its share of what is given, however long the list', async () => {
  const { pool, largestHeld } = makePool(() => 1e9);
  const { workerGroup, settled } = makeWorkerGroup(pool);
  await workerGroup.give(targetsOf(20_000));
  await workerGroup.end();
  assert.equal(settled.size, 20_000);
  for (const held of largestHeld) assert.ok(held <= 2048 + 5, `${held} targets`);
});

interface Asked {
  readonly life: number;
  /** How many it lets go of. */
  readonly count: number;
  readonly answer: () => void;
  readonly die: () => void;
}

/** Each settles its targets one by one, the first one slowly, and gives back what it has not come to. */
function makeLevelledPool(
  onAsked: (asked: Asked) => void = ({ answer }) => answer(),
  { inFlightCount = 1, onEnd = (_die: () => void, _life: number): void => {} } = {},
) {
  const counts: number[] = [];
  let lives = 0;
  const fetchTargets = (task: FetchTask): Promise<void> => {
    const life = lives++;
    counts[life] = 0;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Target[] = [];
    let isEnded = false;
    const close = () => {
      clearInterval(timer);
      task.port.close();
    };
    const die = () => {
      close();
      reject(new Error('the thread died'));
    };
    const timer = setInterval(
      () => {
        const target = waiting.shift();
        if (target !== undefined) {
          counts[life] = (counts[life] as number) + 1;
          const outcome: Outcome = { kind: 'skipped', ...target, reason: 'stopped' };
          task.port.postMessage({ kind: 'settled', outcomes: [outcome] });
        } else if (isEnded) {
          close();
          resolve();
        }
      },
      life === 0 ? 60 : 1,
    );
    task.port.on('message', (message: ToFetchWorker) => {
      if (message.kind === 'targets') waiting.push(...message.targets);
      else if (message.kind === 'end' || message.kind === 'stop') {
        isEnded = true;
        onEnd(die, life);
      } else if (message.kind === 'give-back') {
        const given = waiting.splice(
          Math.max(life === 0 ? inFlightCount : 1, waiting.length - message.count),
        );
        const indexes = given.map(({ index }) => index);
        const isAll = given.length < message.count;
        onAsked({
          life,
          count: given.length,
          answer: () => task.port.postMessage({ kind: 'given-back', indexes, isAll }),
          die,
        });
      }
    });
    return promise;
  };
  const pool = { fetchTargets } as unknown as WorkerPool;
  return { pool, counts };
}

test('at the end of the list a slow worker gives what it has not begun to one that has nothing left', async () => {
  const { pool, counts } = makeLevelledPool();
  const { workerGroup, settled } = makeWorkerGroup(pool);
  await workerGroup.give(targetsOf(200));
  await workerGroup.end();
  assert.equal(settled.size, 200);
  assert.deepEqual([...new Set(settled.values())], [1]);
  // Half and half without it: 100 each, whatever their speed.
  assert.ok((counts[1] as number) > 150, `${counts.join(', ')} targets`);
});

test('a thread that dies when it is asked to give back leaves everything to its successor, once', async () => {
  let deaths = 0;
  const { pool } = makeLevelledPool(({ life, answer, die }) => {
    if (life > 0) answer();
    else {
      deaths++;
      die();
    }
  });
  const { workerGroup, settled } = makeWorkerGroup(pool);
  await workerGroup.give(targetsOf(60));
  await workerGroup.end();
  assert.equal(deaths, 1);
  assert.equal(settled.size, 60);
  assert.deepEqual([...new Set(settled.values())], [1]);
});

test('what is given back after a stop is told as skipped, since nobody may be left to take it', async () => {
  let givenBack = 0;
  const { pool, counts } = makeLevelledPool(({ count, answer }) => {
    givenBack = count;
    workerGroup.stop(true);
    answer();
  });
  const { workerGroup, settled } = makeWorkerGroup(pool);
  await workerGroup.give(targetsOf(60));
  await workerGroup.end();
  assert.ok(givenBack > 0);
  assert.equal(settled.size, 60);
  assert.deepEqual([...new Set(settled.values())], [1]);
  assert.equal(counts[0], 30 - givenBack);
});

test('the last target that a worker gives back finds somebody to take it, however late it comes', async () => {
  const { pool } = makeLevelledPool(({ answer }) => setTimeout(answer, 300));
  const { workerGroup, settled } = makeWorkerGroup(pool);
  await workerGroup.give(targetsOf(6));
  await workerGroup.end();
  assert.equal(settled.size, 6);
});

test('a thread that dies after the end keeps what it has: the others are gone', async () => {
  let deaths = 0;
  const { pool } = makeLevelledPool(undefined, {
    inFlightCount: 15,
    onEnd: (die, life) => {
      // The others have ended by then.
      if (life === 0 && deaths++ === 0) setTimeout(die, 50);
    },
  });
  const { workerGroup, settled } = makeWorkerGroup(pool);
  await workerGroup.give(targetsOf(40));
  await workerGroup.end();
  assert.equal(deaths, 1);
  assert.equal(settled.size, 40);
  assert.deepEqual([...new Set(settled.values())], [1]);
});
