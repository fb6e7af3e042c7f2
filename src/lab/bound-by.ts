// What kept a round from being faster, judged from what was measured: pure. The first rule that its evidence supports
// wins; where none does, it says unknown rather than guess.

import type { Finding } from '../model/finding.ts';
import type { BoundBy, TrialsReport, ServerReport } from '../model/record.ts';
import type { HandshakeLosses } from './handshakes.ts';

/** An event loop this busy has no time left; below, waiting is part of its time. */
const SATURATED_RATIO = 0.9;
/** A round this near to its floor is bound by the server's delay. */
const NEAR_FLOOR_RATIO = 0.8;
export interface BoundByInput {
  readonly run: TrialsReport;
  readonly server: ServerReport | null;
  readonly findings: readonly Finding[];
  readonly losses: HandshakeLosses;
}

export function judgeBoundBy({ run, server, findings, losses }: BoundByInput): BoundBy {
  const client = Math.max(0, ...run.workers.map((worker) => worker.utilizationRatio));
  const replica = Math.max(0, ...(server?.utilizationRatios ?? []));
  const { plan, wallMs } = run;
  // The floor is that of all trials; a run that was stopped has none.
  const floorMs = run.ended === 'done' ? plan.floorMs : null;
  const evidence = [
    `busiest worker's event loop ${percent(client)}`,
    server === null ? 'of the server nothing is known' : `busiest replica's event loop ${percent(replica)}`,
    ...(floorMs === null || floorMs === 0 || wallMs === 0
      ? []
      : [`${percent(floorMs / wallMs)} of the time is the floor`]),
    ...(losses.lost === 0
      ? []
      : [`${losses.lost} handshakes lost, ${losses.delayed} connections late by it`]),
    ...(run.tally.shrinks === 0 ? [] : [`in-flight cap lowered ${run.tally.shrinks} times`]),
  ];
  const isSaturated = client >= SATURATED_RATIO;
  const verdict = (what: BoundBy['what']): BoundBy => ({ what, evidence, isSaturated });

  if (run.tally.shrinks > 0)
    return verdict(run.tally.connectionsPeak < plan.connectionCount ? 'files' : 'ports');
  if (losses.delayed > 0 && losses.delayed >= run.tally.ok / 1000) return verdict('accept queue');
  if (floorMs !== null && floorMs > 0 && floorMs >= wallMs * NEAR_FLOOR_RATIO) {
    return verdict(plan.waveCount > 1 ? (cappedBy(findings, run) ?? 'server delay') : 'server delay');
  }
  // Beside the floor, the time goes where the CPU went: the floor itself is idle for both sides.
  const busyMs = Math.max(1, wallMs - (floorMs ?? 0));
  const clientBusy = Math.max(
    0,
    ...run.workers.map((worker) => (worker.utilizationRatio * worker.wallMs) / busyMs),
  );
  const serverBusy = (replica * wallMs) / busyMs;
  if (Math.max(clientBusy, serverBusy) < 0.5) return verdict('unknown');
  return verdict(clientBusy >= serverBusy ? 'client CPU' : 'server CPU');
}

/** More waves than one, because a limit holds the connections down. */
function cappedBy(findings: readonly Finding[], run: TrialsReport): BoundBy['what'] | null {
  const reason = run.plan.reasons.find(({ field }) => field === 'connections')?.reason ?? '';
  if (reason.includes('open files') || reason.includes('replica')) return 'files';
  if (reason.includes('ephemeral')) return 'ports';
  if (reason.includes('bytes a connection')) return 'memory';
  return findings.some(({ limit, verdict }) => limit === 'memory' && verdict === 'tight') ? 'memory' : null;
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
