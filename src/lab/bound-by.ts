// Judges from the measurements what kept a round from being faster. Pure. The first rule that its evidence
// supports wins; when none does, the answer is unknown and not a guess.

import type { LimitName } from '../model/finding.ts';
import type { BoundBy, TrialsReport, ServerReport, TallyData } from '../model/record.ts';
import { cutBy } from '../runner/bench/plan/plan.ts';
import type { HandshakeLosses } from './handshakes.ts';

/** An event loop this busy has no time left; with less, part of its time is waiting. */
const SATURATED_RATIO = 0.9;
/** An event loop that is busy for less than half of the time holds nothing up. */
const BUSY_RATIO = 0.5;
/** A round this close to its floor is bound by the server's delay. */
const NEAR_FLOOR_RATIO = 0.8;
/** Waves that nobody asked for explain the time of a round when their delay is at least this share of it. */
const WAVES_RATIO = 0.5;

export interface BoundByInput {
  readonly run: TrialsReport;
  readonly server: ServerReport | null;
  readonly losses: HandshakeLosses;
}

const BY_LIMIT: Readonly<Partial<Record<LimitName, BoundBy['what']>>> = {
  files: 'files',
  'server-files': 'files',
  'system-files': 'files',
  ports: 'ports',
  memory: 'memory',
};

export function judgeBoundBy({ run, server, losses }: BoundByInput): BoundBy {
  const { plan, wallMs } = run;
  const client = Math.max(0, ...run.workers.map((worker) => worker.utilizationRatio));
  const replica = Math.max(0, ...(server?.utilizationRatios ?? []));
  // The floor counts all trials; a run that was stopped has none.
  const floorMs = run.ended === 'done' ? plan.floorMs : null;
  const cut = cutBy(plan);
  const evidence = [
    `busiest worker's event loop ${percent(client)}`,
    server === null ? 'of the server nothing is known' : `busiest replica's event loop ${percent(replica)}`,
    ...(floorMs === null || floorMs === 0 || wallMs === 0
      ? []
      : [`${percent(floorMs / wallMs)} of the time is the floor`]),
    ...(cut === null || plan.waveCount === 1
      ? []
      : [`${plan.waveCount} waves, as the plan was cut by ${cut}`]),
    ...(losses.delayed === 0
      ? []
      : [`${losses.lost} handshakes lost, ${losses.delayed} connections late by it`]),
    ...(run.tally.shrinks === 0 ? [] : [`in-flight cap lowered ${run.tally.shrinks} times`]),
  ];
  const verdict = (what: BoundBy['what']): BoundBy => ({
    what,
    evidence,
    isSaturated: what !== 'unknown' && client >= SATURATED_RATIO,
  });

  if (run.tally.shrinks > 0) return verdict(ranOutOf(run.tally));
  if (losses.delayed > 0 && losses.delayed >= run.tally.ok / 1000) return verdict('accept queue');
  const busyLoop = Math.max(client, replica);
  const wavesRatio = floorMs === null || wallMs === 0 ? 1 - busyLoop : floorMs / wallMs;
  if (cut !== null && plan.waveCount > 1 && wavesRatio >= WAVES_RATIO)
    return verdict(BY_LIMIT[cut] ?? 'unknown');
  if (floorMs !== null && floorMs > 0 && floorMs >= wallMs * NEAR_FLOOR_RATIO) return verdict('server delay');
  // Beyond the floor, time goes where CPU goes: during the floor both sides are idle.
  const busyMs = Math.max(1, wallMs - (floorMs ?? 0));
  const clientBusy = Math.max(
    0,
    ...run.workers.map((worker) => (worker.utilizationRatio * worker.wallMs) / busyMs),
  );
  const serverBusy = (replica * wallMs) / busyMs;
  const isServerBusy = replica >= BUSY_RATIO && serverBusy >= BUSY_RATIO;
  const isClientBusy = client >= BUSY_RATIO && clientBusy >= BUSY_RATIO;
  if (isClientBusy && (!isServerBusy || clientBusy >= serverBusy)) return verdict('client CPU');
  return verdict(isServerBusy ? 'server CPU' : 'unknown');
}

/** What connections ran out of, by the error that came. */
function ranOutOf({ shrinks, shrinksByFiles, shrinksByPorts }: TallyData): BoundBy['what'] {
  const byBuffers = shrinks - shrinksByFiles - shrinksByPorts;
  if (shrinksByFiles >= Math.max(shrinksByPorts, byBuffers)) return 'files';
  return shrinksByPorts >= byBuffers ? 'ports' : 'memory';
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
