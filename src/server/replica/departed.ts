// The counts of replicas that died, as they were last known, added up so that no total of the server ever falls. Pure.

import { mergeAnswers, type ServerFacts } from '../server-stats.ts';
import type { AnswerSnapshot } from '../answer-account.ts';
import type { ReplicaSnapshot } from './replica-counters.ts';

/**
 * One part for all that died, of constant size however many there were. What was in flight ended with its connections.
 * @param before of those that died earlier @param last what the one that died now was last known to have counted
 */
export function addDeparted(
  before: ReplicaSnapshot | undefined,
  last: ReplicaSnapshot,
  { items, files }: ServerFacts,
): ReplicaSnapshot {
  const parts = before === undefined ? [last] : [before, last];
  const total = (pick: (part: ReplicaSnapshot) => number): number =>
    parts.reduce((sum, part) => sum + pick(part), 0);
  return {
    pid: last.pid,
    trials: mergeEnded(
      parts.map(({ trials }) => trials),
      items,
    ),
    downloads: mergeEnded(
      parts.map(({ downloads }) => downloads),
      files,
    ),
    openConnections: 0,
    // They had the same seat one after another, so their peaks never came together.
    peakConnections: Math.max(...parts.map(({ peakConnections }) => peakConnections)),
    totalConnections: total(({ totalConnections }) => totalConnections),
    acceptErrors: total(({ acceptErrors }) => acceptErrors),
    cpuUserUs: total(({ cpuUserUs }) => cpuUserUs),
    cpuSystemUs: total(({ cpuSystemUs }) => cpuSystemUs),
    rssBytes: 0,
    eventLoopUtilizationRatio: 0,
  };
}

function mergeEnded(parts: readonly AnswerSnapshot[], size: number): AnswerSnapshot {
  const { received, answered, abandoned, inFlight, sum, sumOfSquares, seenBitmap, repeatedBitmap } =
    mergeAnswers(parts, size);
  return {
    received,
    answered,
    abandoned: abandoned + inFlight,
    inFlight: 0,
    peakInFlight: Math.max(...parts.map(({ peakInFlight }) => peakInFlight)),
    sum,
    sumOfSquares,
    seen: seenBitmap ?? new Uint8Array(),
    repeated: repeatedBitmap,
  };
}
