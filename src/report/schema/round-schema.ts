// The schema of a round's record. model/record.ts says what each number means.

import { FAILURE_CODES } from '../../model/errors.ts';
import { LIMIT_NAMES, type LimitName } from '../../model/finding.ts';
import { FAMILIES, TRANSPORTS } from '../../model/plan.ts';
import { TALLY_FIELDS, type TallyField } from '../../model/record.ts';
import {
  amount,
  constant,
  count,
  described,
  dictionary,
  digits,
  flag,
  list,
  moment,
  nullable,
  number,
  object,
  oneOf,
  pair,
  type Part,
  share,
  someOf,
  text,
} from './schema-parts.ts';

export const planSchema = object(
  {
    strategy: text,
    family: oneOf(FAMILIES),
    transport: oneOf(TRANSPORTS),
    trialCount: count,
    processCount: count,
    workerCount: count,
    laneCount: amount,
    connectionCount: count,
    pipelining: count,
    maxInFlight: count,
    waveCount: count,
    destinationCount: count,
    maxConnecting: count,
    delayMs: nullable(amount),
    floorMs: nullable(amount),
    predictedMs: nullable(amount),
    reasons: list(object({ field: text, value: text, reason: text })),
  },
  'The resolved numbers of a run, and the reason for each.',
);

export const percentilesSchema = object(
  {
    count,
    minMs: nullable(amount),
    meanMs: nullable(amount),
    p50Ms: nullable(amount),
    p90Ms: nullable(amount),
    p99Ms: nullable(amount),
    p999Ms: described(nullable(amount), 'Null below 1,000 samples: it would be a guess.'),
    maxMs: nullable(amount),
  },
  'Read from the histogram beside it, never averaged.',
);

const histogramSchema = object({
  unit: constant('us'),
  count,
  minUs: amount,
  maxUs: amount,
  sumUs: amount,
  buckets: described(list(pair(amount, count)), 'Used buckets only: lower bound in microseconds, count.'),
});

const latencySchema = object({ percentiles: percentilesSchema, histogram: histogramSchema });

/** Fields that older records lack; nothing was counted for them then. */
const LATER_FIELDS: ReadonlySet<TallyField> = new Set(['shrinksByFiles', 'shrinksByPorts']);
const countedLater: Part<number> = { json: { ...amount.json, default: 0 } };

const eachTallyField = Object.fromEntries(
  TALLY_FIELDS.map((field) => [field, LATER_FIELDS.has(field) ? countedLater : amount]),
) as Record<TallyField, Part<number>>;

const tallySchema = object(
  {
    ...eachTallyField,
    failures: described(someOf(FAILURE_CODES, count), 'How many trials failed, by code.'),
  },
  'Counters over all workers. Sums of squares stand in two halves: high * 2^32 + low.',
);

const snapshotSchema = object({
  atMs: described(amount, 'Since the first dispatch was allowed.'),
  total: count,
  ok: count,
  failed: count,
  inFlight: count,
  connections: number,
  perSec: number,
  etaMs: nullable(number),
  utilizationRatio: nullable(number),
  workerLoopsMs: described(
    list(pair(amount, amount)),
    'For each worker, since the start: how long its event loop was busy, and how long it waited.',
  ),
  replicaLoopsMs: described(
    list(pair(amount, amount)),
    'The same for each replica of our own server; empty where the server is not ours.',
  ),
});

const workerSchema = object({
  ok: count,
  failed: count,
  connectionsPeak: count,
  utilizationRatio: share,
  cpuUserUs: amount,
  cpuSystemUs: amount,
  wallMs: amount,
});

const serverSchema = object(
  {
    replicaCount: count,
    lean: flag,
    received: count,
    answered: count,
    distinct: count,
    duplicates: count,
    peakInFlight: count,
    cpuUs: object({ user: amount, system: amount }),
    cpuUsPerTrial: described(nullable(amount), 'null when it answered nothing.'),
    rssBytes: amount,
    utilizationRatios: list(amount),
    replacedReplicas: count,
    startUpMs: amount,
  },
  'What the mock server says of itself.',
);

const proofSchema = object(
  {
    verdict: oneOf(['whole', 'client-only', 'partial', 'broken']),
    planned: count,
    answeredOnce: count,
    seenOnce: nullable(count),
    seenAgainByRepeat: nullable(count),
    sum: digits,
    expectedSum: digits,
    sumOfSquares: digits,
    expectedSumOfSquares: digits,
    problems: list(text),
  },
  'Client bitmap = server bitmap = plan, with sum and sum of squares.',
);

const BOUNDS = [
  'server delay',
  'client CPU',
  'server CPU',
  'accept queue',
  'ports',
  'files',
  'memory',
  'unknown',
] as const;

const boundBySchema = object({ what: oneOf(BOUNDS), evidence: list(text), isSaturated: flag });

const findingSchema = object({
  limit: oneOf(Object.keys(LIMIT_NAMES) as LimitName[]),
  verdict: oneOf(['ok', 'tight', 'refused', 'unknown']),
  allowed: nullable(number),
  needed: amount,
  message: text,
  fix: nullable(text),
  buys: text,
});

export const machineSchema = object({
  cpuModel: text,
  coreCount: count,
  usableCores: amount,
  memoryBytes: amount,
  platform: text,
  kernel: text,
  loadAverage: list(amount),
});

export const roundSchema = object(
  {
    schema: constant('spillway-round/1'),
    strategy: text,
    startedAt: moment,
    command: text,
    origin: described(text, '`own server`, or the origin of a foreign one.'),
    plan: planSchema,
    ended: oneOf(['done', 'drained', 'aborted']),
    wallMs: described(amount, 'First dispatch to last answer.'),
    answersPerSec: amount,
    startUpMs: amount,
    clientCpuUsPerTrial: amount,
    clientCpuUs: object({ user: amount, system: amount }),
    peakRssBytes: amount,
    mainUtilizationRatio: share,
    tally: tallySchema,
    skipped: count,
    latency: described(
      latencySchema,
      'From the first dispatch: the wait for a connection and attempts that were lost are in it.',
    ),
    wireLatency: described(
      latencySchema,
      'From the request handed to a connected socket, of the attempt that was answered.',
    ),
    connectTime: latencySchema,
    timeline: described(
      object({ bucketMs: amount, counts: list(count) }),
      'Answers in buckets of equal width since the start.',
    ),
    snapshots: list(snapshotSchema),
    workers: list(workerSchema),
    failures: list(object({ trial: count, code: oneOf(FAILURE_CODES), message: text, attempts: count })),
    workerDeaths: list(text),
    network: described(
      nullable(dictionary(nullable(number))),
      'Growth of the kernel’s counters while it ran; other programs count too.',
    ),
    server: nullable(serverSchema),
    proof: proofSchema,
    boundBy: boundBySchema,
    slowConnects: count,
    findings: list(findingSchema),
    efficiencyRatio: described(
      nullable(amount),
      'Floor over wall time; null where the delay is none or not known.',
    ),
    versions: dictionary(text),
    machine: machineSchema,
  },
  'One measured execution of a strategy.',
);
