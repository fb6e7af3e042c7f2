// Makes the record of a round: the runner's account, the server's, the proof, what bound the round, and the
// machine.

import type { RoundRecord, TrialsReport, ServerReport } from '../model/record.ts';
import type { Ledger } from '../runner/bench/ledger.ts';
import type { ServerStats } from '../server/cluster.ts';
import { judgeBoundBy } from './bound-by.ts';
import { readMachine, readVersions } from './context.ts';
import { countHandshakeLosses, judgeHandshakes } from './handshakes.ts';
import { makeProof } from './proof.ts';
import type { PreparedRound } from './round-options.ts';

export interface RecordInput {
  readonly prepared: PreparedRound;
  readonly report: TrialsReport;
  readonly ledger: Ledger;
  /** null when the server is not ours. */
  readonly stats: ServerStats | null;
  readonly startUpMs: number;
  readonly startedAt: string;
}

export function makeRecord({
  prepared,
  report,
  ledger,
  stats,
  startUpMs,
  startedAt,
}: RecordInput): RoundRecord {
  const { options, limits, plan, findings } = prepared;
  const server = stats === null ? null : serverReport(stats, startUpMs);
  const losses = countHandshakeLosses(report);
  const afterwards = judgeHandshakes(losses, options.server.own);
  return {
    schema: 'spillway-round/1',
    strategy: plan.strategy,
    startedAt,
    command: options.command,
    origin: options.server.own ? 'own server' : new URL(options.server.origin).origin,
    ...report,
    server,
    proof: makeProof({
      trialCount: plan.trialCount,
      tally: report.tally,
      failures: report.failures,
      settledOk: ledger.settledOk,
      repeated: ledger.repeated,
      workerDeaths: report.workerDeaths.length,
      wasStopped: report.ended !== 'done',
      // A signal to the whole process group also stops the replicas: their half is then absent, not broken.
      server:
        stats === null || (report.ended !== 'done' && stats.replicasReplaced > 0)
          ? null
          : {
              seenBitmap: stats.trials.seenBitmap,
              repeatedBitmap: stats.trials.repeatedBitmap,
              received: stats.trials.received,
              replicasReplaced: stats.replicasReplaced,
            },
    }),
    boundBy: judgeBoundBy({ run: report, server, losses }),
    slowConnects: losses.delayed,
    findings: afterwards === null ? findings : [...findings, afterwards],
    efficiencyRatio:
      plan.floorMs === null || plan.floorMs === 0 || report.wallMs === 0 || report.ended !== 'done'
        ? null
        : plan.floorMs / report.wallMs,
    versions: readVersions(),
    machine: readMachine(limits),
  };
}

/**
 * CPU time for each request that the server received; in a round that was cut, most of them may have no answer.
 */
function cpuUsPerTrial({ cpuUserUs, cpuSystemUs, trials }: ServerStats): number | null {
  return trials.answered === 0
    ? null
    : (cpuUserUs + cpuSystemUs) / Math.max(trials.received, trials.answered);
}

function serverReport(stats: ServerStats, startUpMs: number): ServerReport {
  return {
    replicaCount: stats.replicas.length,
    lean: stats.server.lean,
    received: stats.trials.received,
    answered: stats.trials.answered,
    distinct: stats.trials.distinct,
    duplicates: stats.trials.duplicates,
    peakInFlight: stats.trials.peakInFlight,
    cpuUs: { user: stats.cpuUserUs, system: stats.cpuSystemUs },
    cpuUsPerTrial: cpuUsPerTrial(stats),
    rssBytes: stats.rssBytes,
    utilizationRatios: stats.replicas.map((replica) => replica.eventLoopUtilizationRatio),
    replacedReplicas: stats.replicasReplaced,
    startUpMs,
  };
}
