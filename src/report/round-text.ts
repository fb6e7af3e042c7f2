// A round as lines of text: what a person reads in a terminal. Pure; the command prints them.

import type { Finding } from '../model/finding.ts';
import type { Plan } from '../model/plan.ts';
import type { LatencyReport, Proof, RoundRecord, ServerReport, Snapshot } from '../model/record.ts';
import { busyLine } from './busy-text.ts';
import { formatMs } from './format-numbers.ts';
import { outOfLines } from './out-of-lines.ts';

/** A time as the reference programs print it, `1.78s`, with more digits for short times. */
export function formatSeconds(ms: number): string {
  return ms > 0 && ms < 100 ? formatMs(ms) : `${(ms / 1e3).toFixed(2)}s`;
}

function formatCount(count: number): string {
  return Number.isInteger(count) ? String(count) : count.toFixed(1);
}

/** One line: what will be open at once, and the limit that is closest. */
export function planLine(plan: Plan, findings: readonly Finding[]): string {
  const delay = plan.delayMs === null ? 'unknown delay' : `${plan.delayMs / 1e3} s delay`;
  const lanes = formatCount(Math.ceil(plan.laneCount / plan.workerCount));
  const depth =
    plan.pipelining === 1 ? '' : ` x ${plan.pipelining} ${plan.family === 'h2c' ? 'streams' : 'pipelined'}`;
  const waves = plan.waveCount === 1 ? '' : `, ${plan.waveCount} waves`;
  const inFlight = plan.pipelining === 1 ? ' in flight' : `${depth}, ${plan.maxInFlight} in flight`;
  const predicted = plan.predictedMs === null ? '' : `; about ${formatMs(plan.predictedMs)}`;
  const files = findings.find(({ limit }) => limit === 'files');
  const limit = files?.allowed == null ? '' : ` (limit: ${files.allowed} by open files)`;
  return (
    `plan: ${plan.trialCount} trials, ${delay}, ${plan.workerCount} workers x ${lanes} lanes, ` +
    `${plan.connectionCount} connections${inFlight}${waves}${limit}, ${plan.family} by ${plan.transport}${predicted}`
  );
}

/** What a person should know before the run: a limit that splits it into waves, or that may cost time unseen. */
export function findingLines(plan: Plan, findings: readonly Finding[]): string[] {
  return findings
    .filter(({ verdict, limit }) => verdict === 'tight' && (plan.waveCount > 1 || !limit.endsWith('files')))
    .map(({ limit, allowed, fix, message }) => {
      const lift = fix === null ? '' : `; to lift it: ${fix}`;
      if (limit === 'ports') return `limit: ${message}${lift} (spillway doctor says more)`;
      return `limit: ${limit} allows ${allowed ?? 'an unknown number'}${lift} (spillway doctor says more)`;
    });
}

/** The result as the reference programs print it, with the figures that belong to it. */
export function resultLines(record: RoundRecord): string[] {
  const { plan, tally, wallMs } = record;
  const floor =
    plan.floorMs === null || record.efficiencyRatio === null
      ? ''
      : `   floor ${formatSeconds(plan.floorMs)}, efficiency ${Math.round(record.efficiencyRatio * 100)} %`;
  const settled = record.ended === 'done' ? '' : `   ${record.ended} with ${record.skipped} trials not begun`;
  return [
    `${record.strategy}: computed value ${tally.valueSum} for ${tally.ok} trials in ${formatSeconds(wallMs)}${floor}${rateOf(record)}${settled}`,
    proofLine(record.proof),
    ...record.proof.problems.map((problem) => `  ${problem}`),
    ...failureLines(record),
    ...afterLines(record.findings),
    ...detailLines(record),
  ];
}

const BILLION = 1e9;
const DAY_MS = 86_400_000;

/** As the reference programs print it: the time of one download, and the time of a billion at that rate. */
function rateOf({ wallMs, tally }: RoundRecord): string {
  if (tally.ok === 0 || wallMs === 0) return '';
  const eachMs = wallMs / tally.ok;
  const days = (eachMs * BILLION) / DAY_MS;
  const billion = days < 0.1 ? `${(days * 24).toFixed(2)} hours` : `${days.toFixed(2)} days`;
  return `   ${formatMs(eachMs)} a download, a billion in ${billion}`;
}

function proofLine(proof: Proof): string {
  const client = `${proof.planned} planned = ${proof.answeredOnce} answered once`;
  if (proof.verdict === 'broken') {
    const server = proof.seenOnce === null ? '' : `, ${proof.seenOnce} seen once by the server`;
    return `proof: BROKEN: ${proof.planned} planned, ${proof.answeredOnce} answered once${server}`;
  }
  if (proof.verdict === 'partial') {
    return `proof: partial: ${proof.planned} planned, ${proof.answeredOnce} answered once, ${proof.planned - proof.answeredOnce} not, because the run was stopped`;
  }
  if (proof.verdict === 'client-only')
    return `proof: ${client}; the server's half is absent (it is not ours to ask)`;
  const again = proof.seenAgainByRepeat ?? 0;
  if (again === 0) return `proof: ${client} = ${proof.seenOnce} seen once by the server`;
  return `proof: ${client} = ${proof.seenOnce} seen once by the server + ${again} seen again, each after a lost attempt`;
}

/** Findings made only after the run, which have no allowed number to show. */
function afterLines(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ limit, allowed }) => limit === 'accept-queue' && allowed === null)
    .map(({ message }) => `limit: ${message} (spillway doctor says more)`);
}

function failureLines({ tally, failures, workerDeaths }: RoundRecord): string[] {
  const lines: string[] = [];
  const counts = Object.entries(tally.failures).map(([code, count]) => `${count} ${code}`);
  if (counts.length > 0) lines.push(`failed: ${counts.join(', ')}`);
  lines.push(...outOfLines(tally.failures));
  for (const { trial, code, message, attempts } of failures.slice(0, 5)) {
    lines.push(`  /${trial}: ${code} after ${attempts} attempt(s): ${message}`);
  }
  if (tally.repeats > 0) {
    const free =
      tally.requeued === 0
        ? ''
        : `, ${tally.requeued} of them not counted against their trial: a connection it shared was lost`;
    lines.push(`repeated: ${tally.repeats} attempts${free}`);
  }
  if (tally.surplusAnswers > 0)
    lines.push(
      `surplus: ${tally.surplusAnswers} answers that nothing asked for, each the end of its connection`,
    );
  if (tally.handedOver > 0)
    lines.push(`handed over: ${tally.handedOver} trials were fetched again through undici`);
  if (workerDeaths.length > 0) {
    lines.push(
      `workers: ${workerDeaths.length} died and were replaced, their trials run again (${workerDeaths[0]})`,
    );
  }
  return lines;
}

function detailLines(record: RoundRecord): string[] {
  const { latency, plan, server, boundBy } = record;
  const { p50Ms, p99Ms, maxMs } = latency.percentiles;
  const lines: string[] = [];
  if (p50Ms !== null && p99Ms !== null && maxMs !== null) {
    const over =
      plan.delayMs === null || plan.delayMs === 0
        ? ''
        : `, p99 ${formatMs(Math.max(0, p99Ms - plan.delayMs))} over the delay`;
    lines.push(
      `latency: p50 ${formatSeconds(p50Ms)}, p99 ${formatSeconds(p99Ms)}, max ${formatSeconds(maxMs)}${over}; ` +
        `${Math.round(record.answersPerSec)} answers/s`,
    );
  }
  lines.push(...handshakeLines(record));
  const mib = Math.round(record.peakRssBytes / 2 ** 20);
  const startUp = Math.round(Math.max(record.startUpMs, server?.startUpMs ?? 0));
  lines.push(
    `cost: client ${record.clientCpuUsPerTrial.toFixed(1)} us of CPU a trial, ${record.tally.connectionsOpened} connection(s) made, ${mib} MiB at most${serverCost(server)}; start-up ${startUp} ms`,
  );
  lines.push(
    `bound by: ${boundBy.what} (${boundBy.evidence.join('; ')})${boundBy.isSaturated ? '; the client was saturated, so this measures it too' : ''}`,
  );
  const busy = busyLine(record);
  if (busy !== null) lines.push(busy);
  return lines;
}

/** What TLS took before the first answer of a connection, apart from the answers themselves. */
function handshakeLines({ tally, connectTime, wireLatency }: RoundRecord): string[] {
  const { handshakes, handshakesResumed } = tally;
  if (handshakes === 0) return [];
  const spread = ({ percentiles: { p50Ms, p99Ms } }: LatencyReport) =>
    `p50 ${formatSeconds(p50Ms ?? 0)}, p99 ${formatSeconds(p99Ms ?? 0)}`;
  return [
    `TLS: ${handshakes} handshakes, ${handshakesResumed} of them resumed; connection and handshake ${spread(connectTime)}; ` +
      `answers from then on ${spread(wireLatency)}`,
  ];
}

function serverCost(server: ServerReport | null): string {
  if (server === null) return '';
  const { cpuUsPerTrial, replicaCount, lean } = server;
  const cpu = cpuUsPerTrial === null ? '–' : `${cpuUsPerTrial.toFixed(1)} us`;
  return `; server ${cpu}, ${replicaCount} ${lean ? 'lean ' : ''}replica(s)`;
}

/** The live line: done/total, rate, in flight, time left, what limits it. */
export function liveLine({
  ok,
  failed,
  total,
  perSec,
  inFlight,
  connections,
  etaMs,
  utilizationRatio,
}: Snapshot): string {
  const done = ok + failed;
  const percent = Math.floor((done / total) * 100);
  const width = 24;
  const filled = Math.floor((done / total) * width);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  const eta = etaMs === null || done === 0 ? '' : `  ETA ${formatSeconds(etaMs)}`;
  const bound =
    utilizationRatio === null
      ? ''
      : utilizationRatio > 0.9
        ? '  bound by client CPU'
        : '  waiting for the server';
  const bad = failed === 0 ? '' : `  ${failed} failed`;
  return `${bar} ${percent} %  ${done}/${total}  ${Math.round(perSec)}/s  ${inFlight} in flight on ${connections}${bad}${eta}${bound}`;
}
