import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { prepareSweep } from '../../src/lab/prepared-sweep.ts';
import { namedStrategy, ownStrategy, STRATEGY_NAMES } from '../../src/lab/strategies.ts';
import { maxThreadCount } from '../../src/limits/cores.ts';
import { readLimits } from '../../src/limits/read.ts';
import { baseRound } from './base-round.ts';

const limits = readLimits();

function sweepOf(trialCount: number, names: readonly string[] = STRATEGY_NAMES, budgetMs = 30_000) {
  const strategies = STRATEGY_NAMES.filter((name) => names.includes(name)).map(namedStrategy);
  const base = baseRound({ trialCount, delayMs: 1000 });
  return prepareSweep({ strategies, base, roundCount: 3, budgetMs, seed: 1, isScaled: false }, limits);
}

function planOf(trialCount: number, name: string) {
  const found = sweepOf(trialCount).strategies.find(({ strategy }) => strategy.name === name);
  assert.ok(found);
  return found;
}

suite('strategies are plans', () => {
  test('sequential has one request at a time', () => {
    const { plan } = planOf(1000, 'sequential').round;
    assert.deepEqual(
      [plan.workerCount, plan.laneCount, plan.connectionCount, plan.maxInFlight],
      [1, 1, 1, 1],
    );
  });

  test('async has one worker, one lane and 100 connections', () => {
    const { plan } = planOf(1000, 'async').round;
    assert.deepEqual([plan.workerCount, plan.laneCount, plan.maxInFlight], [1, 1, 100]);
  });

  test('optimized has one worker and everything in flight', () => {
    const { plan } = planOf(1000, 'optimized').round;
    assert.deepEqual([plan.workerCount, plan.maxInFlight], [1, 1000]);
    assert.ok(plan.laneCount > 1);
  });

  test('pipelined and h2c are families of their own', () => {
    assert.equal(planOf(1000, 'pipelined').round.plan.family, 'pipelined');
    assert.equal(planOf(1000, 'h2c').round.plan.family, 'h2c');
    assert.equal(planOf(1000, 'multicore').round.plan.family, 'one-per-connection');
  });

  test('threaded takes no more threads than the guard allows, and the guard says so', () => {
    const { round, guard } = planOf(10_000, 'threaded');
    assert.equal(round.plan.workerCount, maxThreadCount(limits));
    assert.equal(round.plan.connectionCount, round.plan.workerCount);
    assert.equal(round.plan.maxInFlight, round.plan.workerCount);
    assert.match(guard ?? '', new RegExp(`^${maxThreadCount(limits)} threads of 10000`));
  });

  test('threaded with fewer trials than threads needs no guard', () => {
    const { round, guard } = planOf(3, 'threaded');
    assert.deepEqual([round.plan.workerCount, guard], [3, null]);
  });

  test('a strategy of the user overrides the numbers it names and leaves the rest', () => {
    const strategies = [
      ownStrategy('mine', 'mine:family=pipelined,connections=50', { family: 'pipelined', connections: 50 }),
    ];
    const base = baseRound({ trialCount: 1000, delayMs: 1000 });
    const { reference } = prepareSweep(
      { strategies, base, roundCount: 1, budgetMs: 30_000, seed: 1, isScaled: false },
      limits,
    );
    assert.deepEqual([reference.round.plan.family, reference.round.plan.connectionCount], ['pipelined', 50]);
    assert.equal(reference.round.plan.strategy, 'mine');
  });
});

suite('a depth of pipelines', () => {
  const prepare = (strategies: readonly string[]) =>
    prepareSweep(
      {
        strategies: STRATEGY_NAMES.filter((name) => strategies.includes(name)).map(namedStrategy),
        base: { ...baseRound({ trialCount: 1000, delayMs: 1000 }), pipelining: 5 },
        roundCount: 1,
        budgetMs: 30_000,
        seed: 1,
        isScaled: true,
      },
      limits,
    );

  test('is for the strategies that have pipelines, and not held against the others', () => {
    const { strategies, scaling } = prepare(['multicore', 'pipelined', 'h2c']);
    assert.deepEqual(
      strategies.map(({ round }) => round.plan.pipelining),
      [1, 5, 5],
    );
    assert.ok(scaling.every(({ round }) => round.plan.pipelining === 1));
  });

  test('is refused where no strategy has a use for it', () => {
    assert.throws(() => prepare(['async', 'multicore']), {
      code: 'ERR_OPTION',
      message: /^strategy async: --pipelining: expected 1 for --family one-per-connection, found 5/,
    });
  });
});

suite('what would take too long', () => {
  test('runs on as many whole waves as its share of the budget holds, and is projected by waves', () => {
    const { round, projected, floorMs } = planOf(10_000, 'sequential');
    assert.equal(round.plan.trialCount, 10);
    assert.deepEqual(projected, { trialsRun: 10, factor: 1000 });
    assert.equal(floorMs, 10_000_000);
  });

  test('a budget met within a twentieth is met: async at 1000 trials runs whole', () => {
    assert.equal(planOf(1000, 'async').projected, null);
  });

  test('one wave is always run, however small the budget', () => {
    const sweep = sweepOf(1000, ['async'], 1000);
    assert.equal(sweep.reference.round.plan.trialCount, 100);
    assert.equal(sweep.reference.round.plan.maxInFlight, 100);
  });
});

test('multicore is the reference wherever it stands, else the first one is', () => {
  assert.equal(sweepOf(100).reference.strategy.name, 'multicore');
  assert.equal(sweepOf(100, ['async', 'optimized']).reference.strategy.name, 'async');
});
