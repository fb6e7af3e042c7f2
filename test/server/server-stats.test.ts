import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerAccount } from '../../src/server/answer-account.ts';
import { ReplicaCounters } from '../../src/server/replica/replica-counters.ts';
import {
  mergeAnswers,
  mergeSnapshots,
  parseServerStats,
  toStatsJson,
} from '../../src/server/server-stats.ts';
import type { ServerStatsJson } from '../../src/server/server-stats.ts';

function accountOf(size: number, numbers: readonly number[]): AnswerAccount {
  const account = new AnswerAccount(size);
  account.receive(numbers.length);
  for (const number of numbers) account.answer(number);
  return account;
}

test('a number that two replicas answered once each is a duplicate of the whole', () => {
  const merged = mergeAnswers(
    [accountOf(12, [0, 1, 11]).snapshot(), accountOf(12, [1, 2, 2]).snapshot()],
    12,
  );
  assert.equal(merged.answered, 6);
  assert.equal(merged.distinct, 4);
  assert.equal(merged.duplicates, 2);
  assert.equal(merged.sum, 17n);
  assert.equal(merged.sumOfSquares, 1n + 121n + 1n + 4n + 4n);
  assert.deepEqual([...(merged.seenBitmap ?? [])], [0b111, 0b1000]);
  assert.deepEqual([...(merged.repeatedBitmap ?? [])], [0b110, 0]);
});

test('received is answered, in flight and abandoned, also after a reset with answers in flight', () => {
  const account = new AnswerAccount(100);
  account.receive(10);
  account.answer(5);
  account.abandon(2);
  assert.equal(account.snapshot().inFlight, 7);
  account.reset();
  account.answer(6);
  const { received, answered, abandoned, inFlight, peakInFlight } = account.snapshot();
  assert.deepEqual([received, answered, abandoned, inFlight, peakInFlight], [7, 1, 0, 6, 7]);
});

test('statistics survive their JSON form, bitmaps and sums included', () => {
  const counters = new ReplicaCounters(1000, 25);
  counters.trials.receive(2);
  counters.trials.answer(999);
  counters.trials.answer(999);
  const facts = {
    replicas: 1,
    destinations: 1,
    delayMs: 0,
    items: 1000,
    files: 25,
    maxPerPage: 5,
    answer: 'json' as const,
    lean: false,
  };
  const stats = mergeSnapshots(facts, [counters.snapshot()], [], 3);
  const overTheWire = JSON.parse(JSON.stringify(toStatsJson(stats, true))) as ServerStatsJson;
  assert.deepEqual(parseServerStats(overTheWire), stats);
  assert.equal(parseServerStats(toStatsJson(stats, false)).trials.seenBitmap, null);
  assert.equal(stats.replicasReplaced, 3);
  assert.equal(stats.trials.sumOfSquares, 2n * 998_001n);
});
