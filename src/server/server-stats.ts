// What the whole server saw: merges the accounts of all replicas, and gives their JSON form. Pure.

import type { AnswerForm } from '../model/answer-form.ts';
import type { AnswerSnapshot } from './answer-account.ts';
import { countBits } from './number-tally.ts';
import type { ReplicaSnapshot } from './replica/replica-counters.ts';

/** One kind of delayed answers. received = answered + inFlight + abandoned. */
export interface AnswerStats {
  /** Requests for a number in range since the last reset, including those in flight at the reset. */
  readonly received: number;
  /** Answers handed to a connection that was still open. */
  readonly answered: number;
  /** How many different numbers were answered. */
  readonly distinct: number;
  /** answered - distinct. */
  readonly duplicates: number;
  /** Requests whose connection ended before the answer was due. */
  readonly abandoned: number;
  readonly inFlight: number;
  /**
   * The sum of the replicas' peaks: never below the true peak, and above it when they did not peak together.
   */
  readonly peakInFlight: number;
  /** Sum of the numbers answered; a number answered twice counts twice. */
  readonly sum: bigint;
  readonly sumOfSquares: bigint;
  /** Bit n (bit n % 8 of byte n >> 3) is set when n was answered. Null when bitmaps were not asked for. */
  readonly seenBitmap: Uint8Array | null;
  /** Bit n is set when n was answered more than once, in one replica or over several. */
  readonly repeatedBitmap: Uint8Array | null;
}

export interface ReplicaStats {
  readonly pid: number;
  readonly answered: number;
  readonly openConnections: number;
  readonly totalConnections: number;
  readonly cpuUserUs: number;
  readonly cpuSystemUs: number;
  readonly rssBytes: number;
  readonly eventLoopUtilizationRatio: number;
}

/** How the server was started, for a client that did not start it. */
export interface ServerFacts {
  readonly replicas: number;
  readonly destinations: number;
  readonly delayMs: number;
  readonly items: number;
  readonly files: number;
  readonly maxPerPage: number;
  readonly lean: boolean;
  /** The form of the answers to `GET /:n`. */
  readonly answer: AnswerForm;
}

export interface ServerStats {
  readonly server: ServerFacts;
  /** `GET /:n`; the numbers are 0..items-1. */
  readonly trials: AnswerStats;
  /** `GET /api/download/:id`; the numbers are 0..files-1, and the body says the number plus one. */
  readonly downloads: AnswerStats;
  readonly connections: {
    readonly open: number;
    /** The peaks of the replicas added up, as with `peakInFlight`. */
    readonly peak: number;
    readonly total: number;
    readonly acceptErrors: number;
  };
  /**
   * Replicas that died since the last reset. What they had counted is in these figures up to their last note, which is
   * 250 ms old at most with up to four million items: no total ever falls, but with any the figures prove nothing.
   */
  readonly replicasReplaced: number;
  /** User CPU time of all replicas since the last reset. */
  readonly cpuUserUs: number;
  readonly cpuSystemUs: number;
  /** Resident memory of all replicas now. */
  readonly rssBytes: number;
  /** Utilisation of the busiest replica since the last reset, 0..1. */
  readonly eventLoopUtilizationRatio: number;
  readonly replicas: readonly ReplicaStats[];
}

/** @param departed what replicas that died had counted, one part a seat */
export function mergeSnapshots(
  server: ServerFacts,
  live: readonly ReplicaSnapshot[],
  departed: readonly ReplicaSnapshot[],
  replicasReplaced: number,
): ServerStats {
  const snapshots = [...live, ...departed];
  const total = (pick: (snapshot: ReplicaSnapshot) => number): number =>
    snapshots.reduce((sum, snapshot) => sum + pick(snapshot), 0);
  return {
    server,
    trials: mergeAnswers(
      snapshots.map((snapshot) => snapshot.trials),
      server.items,
    ),
    downloads: mergeAnswers(
      snapshots.map((snapshot) => snapshot.downloads),
      server.files,
    ),
    connections: {
      open: total((snapshot) => snapshot.openConnections),
      peak: total((snapshot) => snapshot.peakConnections),
      total: total((snapshot) => snapshot.totalConnections),
      acceptErrors: total((snapshot) => snapshot.acceptErrors),
    },
    replicasReplaced,
    cpuUserUs: total((snapshot) => snapshot.cpuUserUs),
    cpuSystemUs: total((snapshot) => snapshot.cpuSystemUs),
    rssBytes: total((snapshot) => snapshot.rssBytes),
    eventLoopUtilizationRatio: Math.max(
      0,
      ...snapshots.map((snapshot) => snapshot.eventLoopUtilizationRatio),
    ),
    replicas: live.map((snapshot) => ({
      pid: snapshot.pid,
      answered: snapshot.trials.answered,
      openConnections: snapshot.openConnections,
      totalConnections: snapshot.totalConnections,
      cpuUserUs: snapshot.cpuUserUs,
      cpuSystemUs: snapshot.cpuSystemUs,
      rssBytes: snapshot.rssBytes,
      eventLoopUtilizationRatio: snapshot.eventLoopUtilizationRatio,
    })),
  };
}

/** @param size numbers are 0..size-1 */
export function mergeAnswers(parts: readonly AnswerSnapshot[], size: number): AnswerStats {
  const seenBitmap = new Uint8Array(Math.ceil(size / 8));
  const repeatedBitmap = new Uint8Array(seenBitmap.length);
  for (const part of parts) {
    for (let index = 0; index < seenBitmap.length; index += 1) {
      const seen = part.seen[index] as number;
      const before = seenBitmap[index] as number;
      repeatedBitmap[index] =
        (repeatedBitmap[index] as number) | (before & seen) | (part.repeated?.[index] ?? 0);
      seenBitmap[index] = before | seen;
    }
  }
  const total = (pick: (part: AnswerSnapshot) => number): number =>
    parts.reduce((sum, part) => sum + pick(part), 0);
  const answered = total((part) => part.answered);
  const distinct = countBits(seenBitmap);
  return {
    received: total((part) => part.received),
    answered,
    distinct,
    duplicates: answered - distinct,
    abandoned: total((part) => part.abandoned),
    inFlight: total((part) => part.inFlight),
    peakInFlight: total((part) => part.peakInFlight),
    sum: parts.reduce((sum, part) => sum + part.sum, 0n),
    sumOfSquares: parts.reduce((sum, part) => sum + part.sumOfSquares, 0n),
    seenBitmap,
    repeatedBitmap,
  };
}

/** The JSON of `GET /stats`: sums are decimal strings, bitmaps are base64 or null. */
export type ServerStatsJson = Omit<ServerStats, 'trials' | 'downloads'> & {
  readonly trials: AnswerStatsJson;
  readonly downloads: AnswerStatsJson;
};

type AnswerStatsJson = Omit<AnswerStats, 'sum' | 'sumOfSquares' | 'seenBitmap' | 'repeatedBitmap'> & {
  readonly sum: string;
  readonly sumOfSquares: string;
  readonly seenBitmap: string | null;
  readonly repeatedBitmap: string | null;
};

export function toStatsJson(stats: ServerStats, withBitmaps: boolean): ServerStatsJson {
  const encode = (bitmap: Uint8Array | null): string | null =>
    withBitmaps && bitmap !== null ? Buffer.from(bitmap).toString('base64') : null;
  const toJson = (answers: AnswerStats): AnswerStatsJson => ({
    ...answers,
    sum: answers.sum.toString(),
    sumOfSquares: answers.sumOfSquares.toString(),
    seenBitmap: encode(answers.seenBitmap),
    repeatedBitmap: encode(answers.repeatedBitmap),
  });
  return { ...stats, trials: toJson(stats.trials), downloads: toJson(stats.downloads) };
}

/**
 * Reads that JSON back, for a client that asked over HTTP. @throws TypeError when a field is not as this
 * server writes it
 */
export function parseServerStats(json: ServerStatsJson): ServerStats {
  const decode = (text: string | null): Uint8Array | null =>
    text === null ? null : new Uint8Array(Buffer.from(text, 'base64'));
  const fromJson = (answers: AnswerStatsJson): AnswerStats => ({
    ...answers,
    sum: BigInt(answers.sum),
    sumOfSquares: BigInt(answers.sumOfSquares),
    seenBitmap: decode(answers.seenBitmap),
    repeatedBitmap: decode(answers.repeatedBitmap),
  });
  return { ...json, trials: fromJson(json.trials), downloads: fromJson(json.downloads) };
}
