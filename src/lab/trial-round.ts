// One round: plan, server, run, proof, record. The bench is one round; a comparison of strategies is many.

import { maxConnectionsByFiles } from '../limits/capacity.ts';
import { checkPlan } from '../limits/check.ts';
import { resolveReplicas } from '../limits/cores.ts';
import { type Limits, readLimits } from '../limits/read.ts';
import { nowMs } from '../measure/clock.ts';
import { SpillwayError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { RoundRecord, Snapshot } from '../model/record.ts';
import { USUAL_TRUST } from '../model/messages.ts';
import { makePlan } from '../runner/bench/plan/plan.ts';
import { needOf, type PlannedServer } from '../runner/bench/plan/plan-costs.ts';
import { startTrials } from '../runner/bench/trials.ts';
import type { MockServer, ServerStats } from '../server/cluster.ts';
import { checkRequest } from './check-request.ts';
import { USER_AGENT } from './context.ts';
import { judgeWaves } from './judge-waves.ts';
import { checkOrigin, destinationOfOrigin } from './origin.ts';
import type { PreparedRound, RoundOptions, ServerKind } from './round-options.ts';
import { makeRecord } from './round-record.ts';

const LISTENERS_PER_REPLICA = 4;
const BACKLOG = 4096;
const MAX_REPLICAS = 16;
const LEAN_FROM_TRIALS = 200_000;

/** Short, because answers to connections that the client has cut reach nobody. */
const SERVER_DRAIN_MS = 100;
const STATS_AFTER_ABORT_MS = 200;

/** Plans a round. @throws SpillwayError `ERR_OPTION` for numbers out of range, `ERR_LIMIT` when a limit refuses it */
export function prepareRound(options: RoundOptions, limits: Limits = readLimits()): PreparedRound {
  checkRequest(options);
  const plannedServer = planServer(options, limits);
  const request = { ...options, server: plannedServer };
  const plan = makePlan(request, limits);
  const checked = checkPlan(needOf(plan, plannedServer), limits);
  const findings = options.isInWaves === true ? checked : judgeWaves(plan, checked, request, limits);
  return { options, limits, plannedServer, plan, findings };
}

/** @throws SpillwayError `ERR_LIMIT` naming every limit that refuses the round and what would lift it */
export function refuseIfNeeded({ findings }: PreparedRound): void {
  const refused = findings.filter(({ verdict }) => verdict === 'refused');
  if (refused.length === 0) return;
  const lines = refused.map(({ message, fix }) => (fix === null ? message : `${message}\n  ${fix}`));
  throw new SpillwayError('ERR_LIMIT', `${lines.join('\n')}\n\`spillway doctor\` shows every limit`);
}

export interface RoundHooks {
  /** Called when server and workers are ready, just before the first request. */
  readonly onBegin?: () => void;
  readonly onSnapshot?: (snapshot: Snapshot) => void;
  /** Called with text that a person should see while the round runs. */
  readonly onNotice?: (text: string) => void;
}

export interface Round {
  readonly record: Promise<RoundRecord>;
  /** Stops taking new trials. */
  drain(): void;
  abort(): void;
}

/** Starts a prepared round, the server and the pool in parallel, as each takes a tenth of a second or two. */
export function startRound(prepared: PreparedRound, hooks: RoundHooks = {}): Round {
  const { options, plan } = prepared;
  const server = options.server.own ? openOwnServer(prepared, hooks) : null;
  const origins =
    server === null
      ? checkOrigin(options.server)
      : server.then(({ mock }) => {
          tls = { ca: mock.certificate, isInsecure: false };
          return originsOf(mock, plan);
        });
  let stats: ServerStats | null = null;
  let watched: MockServer | null = null;
  let tls = options.server.own ? USUAL_TRUST : (options.server.tls ?? USUAL_TRUST);
  const run = startTrials({
    plan,
    origins,
    limits: options.attempt,
    userAgent: USER_AGENT,
    tls: () => tls,
    isInProcess: options.isInProcess ?? false,
    // Ask the server before connections are closed: closing them is not part of the measured work.
    onFinished: async () => {
      stats = (await (await server)?.mock.stats()) ?? null;
    },
    onReady: async () => {
      watched = (await server)?.mock ?? null;
      await watched?.reset();
      watched?.watchLoops();
      hooks.onBegin?.();
    },
    readReplicaLoopsMs: () => watched?.loopsMs ?? [],
    ...(hooks.onSnapshot === undefined ? {} : { onSnapshot: hooks.onSnapshot }),
  });
  return { record: finish(), drain: () => run.drain(), abort: () => run.abort() };

  async function finish(): Promise<RoundRecord> {
    const startedAt = new Date().toISOString();
    try {
      const report = await run.report;
      const owned = await server;
      const isAborted = report.ended === 'aborted';
      if (isAborted && owned !== null) stats = await askAfterAbort(owned.mock);
      if (isAborted) for (const pid of owned?.mock.replicaPids ?? []) process.kill(pid, 'SIGKILL');
      return makeRecord({
        prepared,
        report,
        ledger: run.ledger,
        stats,
        startUpMs: owned?.startUpMs ?? 0,
        startedAt,
      });
    } finally {
      await (await server?.catch(() => null))?.mock.close();
    }
  }
}

/** Asks for statistics after an abort. The replicas may be too busy to answer; then their half is absent. */
async function askAfterAbort(mock: MockServer): Promise<ServerStats | null> {
  const none = new Promise<null>((resolve) => setTimeout(resolve, STATS_AFTER_ABORT_MS, null));
  return Promise.race([mock.stats().catch(() => null), none]);
}

interface OwnServer {
  readonly mock: MockServer;
  readonly startUpMs: number;
}

async function openOwnServer(
  { options, plan, plannedServer }: PreparedRound,
  hooks: RoundHooks,
): Promise<OwnServer> {
  const startedMs = nowMs();
  const { server } = options;
  if (!server.own || !plannedServer.ours)
    throw new SpillwayError('ERR_BUG', 'expected a round with a server of its own');
  // Load it only when needed: it takes 3 MB and 25 ms, which a foreign server does not need.
  const { startServer } = await import('../server/cluster.ts');
  const mock = await startServer({
    port: server.port,
    destinations: plan.destinationCount,
    replicas: plannedServer.replicaCount,
    listenersPerReplica: plannedServer.listenersPerReplica,
    backlog: plannedServer.backlog,
    delayMs: server.delayMs,
    items: plan.trialCount,
    h2c: plan.family === 'h2c',
    lean: plannedServer.isLean,
    answer: server.answer ?? 'json',
    tls: server.isTls ?? false,
    drainMs: SERVER_DRAIN_MS,
  });
  mock.onReplicaReplaced(({ pid, replacementPid }) =>
    hooks.onNotice?.(`replica ${pid} of the server died; ${replacementPid} serves in its place`),
  );
  return { mock, startUpMs: nowMs() - startedMs };
}

function originsOf(mock: MockServer, plan: Plan): readonly string[] {
  return plan.family === 'h2c' ? mock.h2cOrigins : mock.origins;
}

function planServer(options: RoundOptions, limits: Limits): PlannedServer {
  const { server } = options;
  if (!server.own) {
    const { host: _, ...destination } = destinationOfOrigin(server.origin);
    const isTls = server.origin.startsWith('https:');
    return { ours: false, delayMs: server.delayMs, isTls, destination };
  }
  const lean = isLean(options, server.kind);
  // Fastify spends more on a pipelined trial than any client does, so it gets as many cores as the client.
  const isServerHeavier = !lean && options.family === 'pipelined';
  const { replicas } = resolveReplicas(server.replicas, limits, {
    sharesMachineWithClient: !isServerHeavier,
  });
  return {
    ours: true,
    delayMs: server.delayMs,
    replicaCount: server.replicas === 'auto' ? Math.max(replicas, replicasToHold(options, limits)) : replicas,
    listenersPerReplica: LISTENERS_PER_REPLICA,
    backlog: BACKLOG,
    isLean: lean,
    isTls: server.isTls ?? false,
  };
}

/**
 * True for large plans: Fastify answers some 30,000 trials a second, so beyond that it would be measured
 * instead of the client.
 */
function isLean({ family, trialCount }: RoundOptions, kind: ServerKind | 'auto'): boolean {
  return kind === 'auto' ? family !== 'h2c' && trialCount >= LEAN_FROM_TRIALS : kind === 'lean';
}

/** How many replicas are needed for the connections: each process has the same limit of open files. */
function replicasToHold({ connections, trialCount }: RoundOptions, limits: Limits): number {
  const { count } = maxConnectionsByFiles(limits, { workerCount: 0 });
  if (connections === 'auto' || count === null) return 1;
  return Math.min(MAX_REPLICAS, Math.ceil(Math.min(connections, trialCount) / Math.max(1, count)));
}
