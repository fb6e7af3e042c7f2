// Proves that nothing is missing: three sets of trial numbers (planned, answered to the client, seen by the
// server) must be equal, and so must the sums. A plain sum does not notice when 1 and 4 come as 2 and 3;
// squares do.

import { Bitmap } from '../measure/bitmap.ts';
import { squareSumOf } from '../measure/tally.ts';
import type { TrialFailure } from '../model/messages.ts';
import type { Proof, TallyData } from '../model/record.ts';

/** What the server says it answered. */
export interface SeenByServer {
  readonly seenBitmap: Uint8Array | null;
  readonly repeatedBitmap: Uint8Array | null;
  readonly received: number;
  readonly replicasReplaced: number;
}

export interface ProofInput {
  readonly trialCount: number;
  readonly tally: TallyData;
  readonly failures: readonly TrialFailure[];
  readonly settledOk: Bitmap;
  /** Trials that were sent more than once: only these may be seen more than once by the server. */
  readonly repeated: Bitmap;
  readonly workerDeaths: number;
  /** True when the run was asked to end before every trial was settled. */
  readonly wasStopped: boolean;
  /** null when there is no server to ask; its half of the proof is then absent. */
  readonly server: SeenByServer | null;
}

/** How many trials a problem lists. */
const NAMED = 5;

export function makeProof(input: ProofInput): Proof {
  const { trialCount, tally, settledOk, server, wasStopped } = input;
  const expectedSum = sumBelow(trialCount);
  const expectedSumOfSquares = squareSumBelow(trialCount);
  const sum = BigInt(tally.valueSum);
  const sumOfSquares = squareSumOf(tally);
  const answeredOnce = settledOk.count;
  const problems = clientProblems(input, answeredOnce);
  const due =
    answeredOnce === trialCount ? { sum: expectedSum, squares: expectedSumOfSquares } : sumsOf(settledOk);
  if (sum !== due.sum || sumOfSquares !== due.squares) {
    problems.push(
      `expected the sum ${due.sum} and the sum of squares ${due.squares}, got ${sum} and ${sumOfSquares}: a wrong answer passed as right`,
    );
  }
  const seen = server === null ? null : serverSide(input, server, problems);
  return {
    verdict:
      problems.length > 0 ? 'broken' : wasStopped ? 'partial' : server === null ? 'client-only' : 'whole',
    planned: trialCount,
    answeredOnce,
    seenOnce: seen?.once ?? null,
    seenAgainByRepeat: seen?.again ?? null,
    sum: String(sum),
    expectedSum: String(expectedSum),
    sumOfSquares: String(sumOfSquares),
    expectedSumOfSquares: String(expectedSumOfSquares),
    problems,
  };
}

function clientProblems(
  { trialCount, tally, failures, settledOk, wasStopped }: ProofInput,
  answeredOnce: number,
): string[] {
  const problems: string[] = [];
  if (tally.ok !== answeredOnce) {
    problems.push(`expected each answer once, but ${tally.ok} answers settled ${answeredOnce} trials`);
  }
  if (answeredOnce === trialCount) return problems;
  const wrong = failures.filter((failure) => failure.code === 'wrong-answer');
  const wrongCount = Math.max(wrong.length, tally.failures['wrong-answer'] ?? 0);
  if (wrongCount > 0) {
    const names = name(
      wrong.map(({ trial }) => trial),
      wrongCount,
    );
    problems.push(`${wrongCount} answered wrong: ${names}`);
  }
  if (wasStopped) return problems;
  const all = new Bitmap(trialCount);
  // Trials with a wrong answer are named above. When not all of them are known, the missing ones are not
  // known either.
  const missingCount = trialCount - answeredOnce - wrongCount;
  if (missingCount <= 0) return problems;
  const isWrong = new Set(wrong.map(({ trial }) => trial));
  const missing = settledOk
    .differences(all, (here) => !here, NAMED + wrong.length)
    .filter((trial) => !isWrong.has(trial));
  const names = wrong.length < wrongCount ? '' : `: ${name(missing, missingCount)}`;
  problems.push(`${missingCount} not answered${names}`);
  return problems;
}

function serverSide(
  input: ProofInput,
  server: SeenByServer,
  problems: string[],
): { once: number; again: number } {
  const { trialCount, settledOk, repeated, tally } = input;
  const seen = Bitmap.fromBytes(server.seenBitmap ?? new Uint8Array(), trialCount);
  const seenAgain = Bitmap.fromBytes(server.repeatedBitmap ?? new Uint8Array(), trialCount);
  if (server.replicasReplaced > 0) {
    problems.push(
      `${server.replicasReplaced} replica(s) of the server died, and what they had seen is not known`,
    );
  } else {
    const unseen = settledOk.differences(seen, (answered, wasSeen) => answered && !wasSeen, NAMED);
    if (unseen.length > 0) problems.push(`answered, but not seen by the server: ${name(unseen)}`);
    // A request written to a connection that was lost may never have arrived, and a dead worker's last count
    // is lost with it. Without either, both sides must agree on every request.
    const isClean = tally.repeats === 0 && tally.ok === trialCount;
    const isOff = server.received > tally.attemptsSent || (isClean && server.received < tally.attemptsSent);
    if (isOff && input.workerDeaths === 0) {
      problems.push(
        `the client sent ${tally.attemptsSent} requests, but the server received ${server.received}`,
      );
    }
  }
  const doubled = seenAgain.differences(repeated, (twice, wasRepeated) => twice && !wasRepeated, NAMED);
  if (doubled.length > 0) problems.push(`seen by the server more than once, but sent once: ${name(doubled)}`);
  const again = seenAgain.count;
  return { once: seen.count - again, again };
}

function name(trials: readonly number[], total = trials.length): string {
  const named = trials.slice(0, NAMED).map((trial) => `/${trial}`);
  return `${named.join(', ')}${total > named.length ? ', …' : ''}`;
}

/** The sums of the answered trials, when some are missing. */
function sumsOf(answered: Bitmap): { sum: bigint; squares: bigint } {
  let sum = 0;
  let low = 0;
  let high = 0;
  for (let trial = 0; trial < answered.size; trial++) {
    if (!answered.has(trial)) continue;
    sum += trial;
    low += trial * trial;
    if (low < 2 ** 52) continue;
    low -= 2 ** 52;
    high++;
  }
  return { sum: BigInt(sum), squares: squareSumOf({ squareSumLow: low, squareSumHigh: high }) };
}

/** 0 + 1 + … + (n-1) = n (n-1) / 2. */
function sumBelow(count: number): bigint {
  const n = BigInt(count);
  return (n * (n - 1n)) / 2n;
}

/** 0 + 1 + 4 + … + (n-1)^2 = (n-1) n (2n-1) / 6. */
function squareSumBelow(count: number): bigint {
  const n = BigInt(count);
  return ((n - 1n) * n * (2n * n - 1n)) / 6n;
}
