import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  bootstrapMedian,
  estimateMedian,
  judgeDifference,
  makeRandom,
  medianOf,
  noiseInterval,
  shuffle,
} from '../../src/measure/statistics.ts';

/** Normal values from uniform ones (Box and Muller). */
function makeNormal(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

interface Sweep {
  readonly roundCount: number;
  /** Spread of the logarithm of one round's time. */
  readonly spread: number;
  /** Time of the subject over that of the reference, in truth. */
  readonly effect: number;
  /** One round in so many takes 40 % longer, whoever it is: a lost SYN, a neighbour. */
  readonly outlierEvery?: number;
}

/** One comparison as the sweep makes it: a pair more than there are rounds, the reference twice a round. */
function verdictOf({ roundCount, spread, effect, outlierEvery = 0 }: Sweep, seed: number) {
  const random = makeRandom(seed);
  const normal = makeNormal(random);
  const time = (factor: number) => {
    const late = outlierEvery > 0 && random() < 1 / outlierEvery ? 1.4 : 1;
    return factor * late * Math.exp(spread * normal());
  };
  const pairs: number[] = [time(1) / time(1)];
  const ratios = Array.from({ length: roundCount }, () => {
    // A machine that is slow for a minute slows the whole round.
    const drift = Math.exp(0.2 * normal());
    const [first, second, subject] = [time(drift), time(drift), time(drift * effect)];
    pairs.push(first / second);
    return subject / Math.sqrt(first * second);
  });
  return judgeDifference(ratios, noiseInterval(pairs, roundCount), random).verdict;
}

function share(sweep: Sweep, verdict: string, times = 300): number {
  let hits = 0;
  for (let seed = 1; seed <= times; seed++) if (verdictOf(sweep, seed * 7919) === verdict) hits++;
  return hits / times;
}

suite('a difference and its noise', () => {
  for (const roundCount of [3, 5, 9, 15]) {
    test(`the same thing twice is no difference at least 95 times in 100, with ${roundCount} rounds`, () => {
      assert.ok(share({ roundCount, spread: 0.04, effect: 1 }, 'no difference') >= 0.95);
    });
  }

  test('now and then a round that is far too late makes no difference out of nothing', () => {
    for (const roundCount of [3, 7, 15]) {
      const found = share({ roundCount, spread: 0.03, effect: 1, outlierEvery: 15 }, 'no difference');
      assert.ok(found >= 0.95, `${roundCount} rounds: ${found}`);
    }
  });

  test('a planted difference of 10 % is found, in the right direction', () => {
    assert.ok(share({ roundCount: 9, spread: 0.03, effect: 1.1 }, 'slower') >= 0.95);
    assert.ok(share({ roundCount: 9, spread: 0.03, effect: 1 / 1.1 }, 'faster') >= 0.95);
    assert.ok(share({ roundCount: 15, spread: 0.04, effect: 1.1 }, 'slower') >= 0.95);
  });

  test('a difference is hardly ever called the wrong way round', () => {
    assert.ok(share({ roundCount: 5, spread: 0.05, effect: 1.1 }, 'faster') <= 0.002);
  });

  test('three rounds find a factor of two, and say nothing of 2 %', () => {
    assert.ok(share({ roundCount: 3, spread: 0.04, effect: 2 }, 'slower') >= 0.99);
    assert.ok(share({ roundCount: 3, spread: 0.04, effect: 1.02 }, 'no difference') >= 0.9);
  });

  test('one or two rounds are too few to say anything, even of a factor of two', () => {
    for (const roundCount of [1, 2]) {
      assert.equal(share({ roundCount, spread: 0.01, effect: 2 }, 'too few rounds', 20), 1);
    }
  });

  test('a median outside the noise whose own rounds disagree is no difference', () => {
    const noise = { low: 0.99, high: 1.01, confidenceRatio: 0.95 };
    const { verdict, reason } = judgeDifference([0.7, 0.9, 1.3, 1.4, 1.5], noise, makeRandom(1));
    assert.equal(verdict, 'no difference');
    assert.match(reason, /rounds disagree/);
  });

  test('the reason names the difference and the noise it was held against', () => {
    const noise = { low: 0.97, high: 1.03, confidenceRatio: 0.95 };
    const { reason, timeRatio } = judgeDifference([1.19, 1.2, 1.21], noise, makeRandom(1));
    assert.equal(timeRatio, 1.2);
    assert.match(reason, /\+20 % .* outside .*-3\.0 % to \+3\.0 %/);
  });
});

suite('the noise of one thing against itself', () => {
  test('few pairs make a wide gate, more rounds a narrow one', () => {
    const pairs = [1.05, 1 / 1.05, 1.05, 1 / 1.05];
    const three = noiseInterval(pairs, 3);
    const twelve = noiseInterval(pairs, 12);
    // 1.2533 x 2.776 x ln 1.05 / sqrt(3) = 0.0980
    assert.ok(Math.abs(Math.log(three?.high ?? 0) - 0.098) < 0.0005);
    assert.ok(Math.abs(Math.log(three?.low ?? 0) + 0.098) < 0.0005);
    assert.ok(Math.abs(Math.log(twelve?.high ?? 0) - 0.049) < 0.0005);
    assert.ok((noiseInterval(pairs.slice(0, 2), 3)?.high ?? 0) > (three?.high ?? 0));
  });

  test('one pair has no spread to know', () => {
    assert.equal(noiseInterval([1.01], 3), null);
  });

  test('which of the two came first does not matter', () => {
    assert.deepEqual(noiseInterval([1.1, 1.2, 0.9], 3), noiseInterval([1 / 1.1, 1 / 1.2, 1 / 0.9], 3));
  });
});

suite('medians', () => {
  test('the middle one, or the mean of two', () => {
    assert.equal(medianOf([3, 1, 2]), 2);
    assert.equal(medianOf([4, 1, 2, 3]), 2.5);
    assert.equal(medianOf([7]), 7);
    assert.throws(() => medianOf([]), RangeError);
  });

  test('one value has no interval', () => {
    assert.deepEqual(estimateMedian([5]), { median: 5, interval: null, sampleCount: 1 });
  });

  test('few values get their range and the confidence it really has', () => {
    assert.deepEqual(estimateMedian([3, 1, 2]).interval, { low: 1, high: 3, confidenceRatio: 0.75 });
    assert.equal(estimateMedian([1, 2, 3, 4, 5]).interval?.confidenceRatio, 0.9375);
  });

  test('many values get the ranks of the binomial table', () => {
    // n = 10: the 2nd and the 9th hold the median with 97.85 %; n = 20: the 6th and the 15th with 95.86 %.
    const ten = estimateMedian(Array.from({ length: 10 }, (_, index) => index + 1)).interval;
    assert.deepEqual([ten?.low, ten?.high], [2, 9]);
    assert.ok(Math.abs((ten?.confidenceRatio ?? 0) - 0.9785) < 0.0001);
    const twenty = estimateMedian(Array.from({ length: 20 }, (_, index) => index + 1)).interval;
    assert.deepEqual([twenty?.low, twenty?.high], [6, 15]);
  });

  test('the interval holds the true median as often as it says, of a skewed distribution too', () => {
    const random = makeRandom(42);
    let held = 0;
    for (let time = 0; time < 2000; time++) {
      const { interval } = estimateMedian(Array.from({ length: 12 }, () => -Math.log(1 - random())));
      if (interval !== null && interval.low <= Math.LN2 && interval.high >= Math.LN2) held++;
    }
    assert.ok(held / 2000 >= 0.95 && held / 2000 <= 0.985, `${held / 2000}`);
  });

  test('the bootstrap interval holds the true median about as often as it says', () => {
    const random = makeRandom(43);
    const normal = makeNormal(random);
    let held = 0;
    for (let time = 0; time < 300; time++) {
      const interval = bootstrapMedian(Array.from({ length: 15 }, normal), random);
      if (interval !== null && interval.low <= 0 && interval.high >= 0) held++;
    }
    assert.ok(held / 300 >= 0.9, `${held / 300}`);
  });

  test('the bootstrap of three values claims no more than their range can', () => {
    const interval = bootstrapMedian([1, 2, 3], makeRandom(1));
    assert.deepEqual(interval, { low: 1, high: 3, confidenceRatio: 0.75 });
    assert.equal(bootstrapMedian([1], makeRandom(1)), null);
  });
});

suite('seeded order', () => {
  test('the same seed gives the same order, another one another', () => {
    const values = Array.from({ length: 30 }, (_, index) => index);
    assert.deepEqual(shuffle(values, makeRandom(7)), shuffle(values, makeRandom(7)));
    assert.notDeepEqual(shuffle(values, makeRandom(7)), shuffle(values, makeRandom(8)));
    assert.deepEqual(
      shuffle(values, makeRandom(7)).toSorted((a, b) => a - b),
      values,
    );
  });

  test('every place is equally likely', () => {
    const random = makeRandom(11);
    const counts = [0, 0, 0, 0];
    for (let time = 0; time < 8000; time++) {
      const position = shuffle([0, 1, 2, 3], random).indexOf(0);
      counts[position] = (counts[position] as number) + 1;
    }
    for (const count of counts) assert.ok(count > 1850 && count < 2150, counts.join(' '));
  });
});
