import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeProof, type ProofInput, type SeenByServer } from '../../src/lab/proof.ts';
import { Bitmap } from '../../src/measure/bitmap.ts';
import { Tally } from '../../src/measure/tally.ts';

const COUNT = 10;
const ALL = Array.from({ length: COUNT }, (_, trial) => trial);

function bitmapOf(members: readonly number[], size = COUNT): Bitmap {
  const bitmap = new Bitmap(size);
  for (const member of members) bitmap.add(member);
  return bitmap;
}

function bytesOf(members: readonly number[], size = COUNT): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(size / 8));
  for (const member of members) bytes[member >> 3] = (bytes[member >> 3] as number) | (1 << (member & 7));
  return bytes;
}

interface Case {
  readonly count?: number;
  /** Whose answers settled a trial; @default all */
  readonly answered?: readonly number[];
  /** The values that were added up; @default those of `answered` */
  readonly values?: readonly number[];
  /** Sent more than once. */
  readonly repeated?: readonly number[];
  /** As the server counts; null: no server to ask. */
  readonly seen?: readonly number[] | null;
  readonly input?: Partial<ProofInput>;
  readonly server?: Partial<SeenByServer>;
}

function proofOf({ count = COUNT, answered = ALL, repeated = [], input, server, ...given }: Case) {
  const tally = new Tally();
  for (const value of given.values ?? answered) tally.addValue(value);
  tally.add('ok', answered.length);
  tally.add('attemptsSent', count + repeated.length);
  tally.add('repeats', repeated.length);
  const seen = given.seen === undefined ? ALL : given.seen;
  return makeProof({
    trialCount: count,
    tally: tally.toData(),
    failures: [],
    settledOk: bitmapOf(answered, count),
    repeated: bitmapOf(repeated, count),
    workerDeaths: 0,
    wasStopped: false,
    server:
      seen === null
        ? null
        : {
            seenBitmap: bytesOf(seen, count),
            repeatedBitmap: bytesOf(
              seen.filter((trial, at) => seen.indexOf(trial) !== at),
              count,
            ),
            received: seen.length,
            replicasReplaced: 0,
            ...server,
          },
    ...input,
  });
}

test('planned, answered and seen are the same: the proof is whole', () => {
  assert.deepEqual(proofOf({}), {
    verdict: 'whole',
    planned: 10,
    answeredOnce: 10,
    seenOnce: 10,
    seenAgainByRepeat: 0,
    sum: '45',
    expectedSum: '45',
    sumOfSquares: '285',
    expectedSumOfSquares: '285',
    problems: [],
  });
});

test('the expected sums are those of 0 … n-1 for any n, and of the most trials there may be', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), (count) => {
      const all = Array.from({ length: count }, (_, trial) => trial);
      assert.deepEqual(proofOf({ count, answered: all, seen: all }).problems, []);
    }),
  );
  const { expectedSum, expectedSumOfSquares } = proofOf({ count: 2 ** 26, answered: [], seen: null });
  const n = 2n ** 26n;
  assert.equal(expectedSum, String((n * (n - 1n)) / 2n));
  assert.equal(expectedSumOfSquares, String(((n - 1n) * n * (2n * n - 1n)) / 6n));
});

test('without a server to ask, its half is absent and not passed', () => {
  const { verdict, seenOnce, seenAgainByRepeat } = proofOf({ seen: null });
  assert.deepEqual([verdict, seenOnce, seenAgainByRepeat], ['client-only', null, null]);
});

test('answers 1 and 4 that came as 2 and 3 keep the sum, and are found by their squares', () => {
  const swapped = ALL.map((trial) => (trial === 1 ? 2 : trial === 4 ? 3 : trial));
  const proof = proofOf({ values: swapped });
  assert.equal(proof.sum, proof.expectedSum);
  assert.equal(proof.verdict, 'broken');
  assert.match(proof.problems.join('\n'), /sum of squares 285, got 45 and 281/);
});

test('a lost trial is named', () => {
  const without = ALL.filter((trial) => trial !== 7);
  const proof = proofOf({ answered: without, seen: without });
  assert.equal(proof.verdict, 'broken');
  assert.deepEqual(proof.problems.slice(0, 1), ['1 not answered: /7']);
});

test('of many lost trials the first are named', () => {
  const proof = proofOf({ answered: [0, 1], seen: [0, 1] });
  assert.equal(proof.problems[0], '8 not answered: /2, /3, /4, /5, /6, …');
});

test('a wrong answer is named, and breaks the proof', () => {
  const proof = proofOf({
    answered: ALL.slice(1),
    input: { failures: [{ trial: 0, code: 'wrong-answer', message: '', attempts: 1 }] },
  });
  assert.equal(proof.verdict, 'broken');
  assert.equal(proof.problems[0], '1 answered wrong: /0');
});

test('a trial that settled twice is found', () => {
  const proof = proofOf({ answered: [...ALL, 3], values: ALL });
  assert.equal(proof.verdict, 'broken');
  assert.match(proof.problems[0] ?? '', /11 answers settled 10 trials/);
});

test('a trial that the server doubled, though it was sent once, is named', () => {
  const proof = proofOf({ seen: [...ALL, 6] });
  assert.equal(proof.verdict, 'broken');
  assert.ok(proof.problems.includes('seen by the server more than once, but sent once: /6'));
  assert.ok(proof.problems.includes('the client sent 10 requests, but the server received 11'));
});

test('a trial that was sent again and seen again is accounted for', () => {
  const proof = proofOf({ repeated: [6], seen: [...ALL, 6] });
  assert.deepEqual(
    [proof.verdict, proof.seenOnce, proof.seenAgainByRepeat, proof.problems],
    ['whole', 9, 1, []],
  );
});

test('a trial that was sent again and seen once is accounted for: the first may never have arrived', () => {
  const proof = proofOf({ repeated: [6] });
  assert.deepEqual([proof.verdict, proof.seenOnce, proof.seenAgainByRepeat], ['whole', 10, 0]);
});

test('an answer that the server never gave is named', () => {
  const proof = proofOf({ seen: ALL.filter((trial) => trial !== 2), server: { received: 10 } });
  assert.equal(proof.verdict, 'broken');
  assert.deepEqual(proof.problems, ['answered, but not seen by the server: /2']);
});

test('requests that the server does not know of break a proof, unless they were repeats', () => {
  assert.deepEqual(proofOf({ server: { received: 9 } }).problems, [
    'the client sent 10 requests, but the server received 9',
  ]);
  assert.deepEqual(proofOf({ repeated: [1], server: { received: 10 } }).problems, []);
  assert.equal(proofOf({ repeated: [1], server: { received: 12 } }).verdict, 'broken');
});

test('a worker that died took its last count with it: the requests need not agree, the bits must', () => {
  const died = { workerDeaths: 1 };
  const again = { repeated: [4], seen: [...ALL, 4], server: { received: 15 } };
  assert.equal(proofOf({ ...again, input: died }).verdict, 'whole');
  assert.equal(proofOf({ seen: [...ALL, 5], repeated: [4], input: died }).verdict, 'broken');
});

test('a replica that was replaced makes the proof broken: what it had seen is not known', () => {
  const proof = proofOf({ server: { replicasReplaced: 1 } });
  assert.equal(proof.verdict, 'broken');
  assert.match(proof.problems.join(), /1 replica\(s\) of the server died/);
});

test('a stopped run is partial where what was settled holds, and broken where it does not', () => {
  const half = ALL.slice(0, 5);
  const stopped = { wasStopped: true };
  const partial = proofOf({ answered: half, seen: half, input: stopped });
  assert.deepEqual([partial.verdict, partial.answeredOnce, partial.problems], ['partial', 5, []]);
  assert.equal(proofOf({ answered: half, seen: [0, 1, 2, 3], input: stopped }).verdict, 'broken');
  assert.equal(
    proofOf({ answered: half, values: [0, 2, 2, 3, 3], seen: half, input: stopped }).verdict,
    'broken',
  );
});

test('a trial that was answered wrong is not said to be unanswered as well', () => {
  const failed = (trial: number, code: 'wrong-answer' | 'idle-timeout') => ({
    trial,
    code,
    message: '',
    attempts: 1,
  });
  const tally = (wrongCount: number, ok: number) => {
    const counted = new Tally();
    counted.add('ok', ok);
    counted.add('attemptsSent', COUNT);
    for (let count = 0; count < wrongCount; count++) counted.addFailure('wrong-answer');
    return counted.toData();
  };
  const answered = ALL.slice(4);
  const sums = (data: ReturnType<typeof tally>) => {
    const summed = new Tally();
    for (const trial of answered) summed.addValue(trial);
    const { valueSum, squareSumLow, squareSumHigh } = summed.toData();
    return { ...data, valueSum, squareSumLow, squareSumHigh };
  };
  const problemsOf = (wrong: readonly number[], named = wrong) =>
    proofOf({
      answered,
      seen: null,
      input: {
        tally: sums(tally(wrong.length, answered.length)),
        failures: named.map((trial) => failed(trial, 'wrong-answer')),
      },
    }).problems;
  assert.deepEqual(problemsOf([0, 1]), ['2 answered wrong: /0, /1', '2 not answered: /2, /3']);
  assert.deepEqual(problemsOf([0, 1, 2, 3]), ['4 answered wrong: /0, /1, /2, /3']);
  // Where not all that were wrong have a name, the others have none.
  assert.deepEqual(problemsOf([0, 1], [0]), ['2 answered wrong: /0, …', '2 not answered']);
});
