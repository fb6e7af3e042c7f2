import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { prepareSweep } from '../../src/lab/prepared-sweep.ts';
import { waitUntilQuiet } from '../../src/lab/quiet.ts';
import { namedStrategy } from '../../src/lab/strategies.ts';
import { makeSteps, startSweep } from '../../src/lab/sweep.ts';
import { startTinybench } from '../../src/lab/tinybench.ts';
import { comparisonLines } from '../../src/report/comparison-text.ts';
import { wavesLines } from '../../src/report/waves-text.ts';
import { baseRound } from './base-round.ts';

function sweepOf({ isScaled = false, roundCount = 3, seed = 5 } = {}) {
  return prepareSweep({
    strategies: (['async', 'multicore', 'pipelined'] as const).map(namedStrategy),
    base: baseRound({ trialCount: 120, delayMs: 30 }),
    roundCount,
    budgetMs: 30_000,
    seed,
    isScaled,
  });
}

suite('a comparison that was really run', () => {
  test('has every round of every strategy with a proof, the reference against itself, and a text a family', async () => {
    const comparison = await startSweep(sweepOf({ isScaled: true })).comparison;
    assert.equal(comparison.reference, 'multicore');
    assert.deepEqual(
      comparison.strategies.map(({ name, rounds }) => [name, rounds.length]),
      [
        ['async', 3],
        ['multicore', 3],
        ['pipelined', 3],
      ],
    );
    for (const { rounds, figures } of comparison.strategies) {
      for (const { proof } of rounds) assert.equal(proof.verdict, 'whole', proof.problems.join('; '));
      assert.equal(figures.okCount, 360);
      assert.equal(figures.latency.count, 360, 'percentiles are of all rounds together');
      assert.ok((figures.latency.p50Ms ?? 0) >= 30);
      assert.ok(figures.wallMs.median >= 30 && figures.wallMs.interval?.confidenceRatio === 0.75);
    }
    assert.equal(comparison.noise.pairs.length, 4, 'one pair first of all, then one a round');
    assert.deepEqual(
      comparison.order.slice(0, 3).map(({ strategy, role, round }) => [strategy, role, round]),
      [
        ['multicore', 'warm-up', 0],
        ['multicore', 'noise', 0],
        ['multicore', 'noise', 0],
      ],
    );
    assert.equal(comparison.warmUp.length, 1);
    const verdicts = comparison.strategies.map(({ verdict }) => verdict);
    assert.equal(verdicts[1], 'reference');
    for (const { ratio } of comparison.strategies.filter(({ name }) => name !== 'multicore')) {
      assert.equal(ratio?.ratios.length, 3);
      assert.ok(Math.abs(ratio.speedUp * ratio.timeRatio - 1) < 1e-9);
    }
    for (const point of comparison.scaling) assert.equal(point.rounds.length, 3);

    const text = comparisonLines(comparison).join('\n');
    assert.match(text, /multicore: computed value 7140 for 120 trials in \d/);
    assert.ok(text.indexOf('one request at a time') < text.indexOf('a family of its own'));
  });

  test('one that is stopped keeps the rounds that were whole and says so', async () => {
    let ended = 0;
    const sweep = startSweep(sweepOf(), {
      onRoundEnd: () => {
        if (++ended === 5) sweep.drain();
      },
    });
    const comparison = await sweep.comparison;
    assert.equal(comparison.isInterrupted, true);
    assert.equal(comparison.order.length, 5);
  });
});

test('tinybench runs the waves it was asked for, and counts in trials', async () => {
  const figures = await startTinybench(sweepOf({ roundCount: 3 }), {}).figures;
  assert.deepEqual(
    figures.map(({ name, waveCount }) => [name, waveCount]),
    [
      ['async', 3],
      ['multicore', 3],
      ['pipelined', 3],
    ],
  );
  for (const { meanMs, trialsPerSec, answers, leastMs } of figures) {
    assert.ok(leastMs >= 30);
    assert.ok(Math.abs(trialsPerSec - 120_000 / meanMs) < 1e-6);
    assert.equal(answers.count, 360);
    assert.equal(answers.p999Ms, null, 'below 1,000 answers there is no p99.9');
  }
  assert.match(wavesLines(figures).join('\n'), /multicore +3 /);
});

suite('the order of rounds', () => {
  const orderOf = (seed: number) =>
    makeSteps(sweepOf({ roundCount: 8, seed })).map(
      ({ prepared, role, round }) => `${round} ${role} ${prepared.strategy.name}`,
    );

  test('is the same for the same seed and another for another', () => {
    assert.deepEqual(orderOf(9), orderOf(9));
    assert.notDeepEqual(orderOf(9), orderOf(10));
  });

  test('has every strategy once a round, and the reference once more', () => {
    const third = orderOf(9).filter((step) => step.startsWith('3 '));
    assert.deepEqual(third.toSorted(), [
      '3 noise multicore',
      '3 round async',
      '3 round multicore',
      '3 round pipelined',
    ]);
  });

  test('differs from round to round', () => {
    const steps = orderOf(9);
    const rounds = Array.from({ length: 8 }, (_, index) =>
      steps
        .filter((step) => step.startsWith(`${index + 1} `))
        .map((step) => step.slice(2))
        .join(),
    );
    assert.ok(new Set(rounds).size > 3);
  });
});

suite('the pause between rounds', () => {
  const open = new AbortController().signal;

  test('ends when few sockets linger', async () => {
    const counts = [9000, 5000, 800];
    const quiet = await waitUntilQuiet(open, () => ({
      timeWaitCount: counts[0] ?? 0,
      lingering: counts.shift() ?? 0,
    }));
    assert.deepEqual([quiet.isQuiet, quiet.timeWaitCount], [true, 800]);
  });

  test('gives up where waiting does not help, and says that it is not quiet', async () => {
    const quiet = await waitUntilQuiet(open, () => ({ timeWaitCount: 9000, lingering: 9000 }));
    assert.equal(quiet.isQuiet, false);
  });
});
