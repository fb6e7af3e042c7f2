// A load test as lines of text and as Markdown. Pure; the command prints them.

import type { KneeRecord, KneeStep } from '../model/load/knee-record.ts';
import type { LoadRecord, LoadSnapshot } from '../model/load/load-record.ts';
import type { Percentiles } from '../model/record.ts';
import { formatCount, formatMs, formatRate, NO_NUMBER } from './format-numbers.ts';
import { printable } from './printable.ts';

/** What will be asked, shown before it begins. */
export function loadPlanLine({
  asked,
  transport,
  protocol,
}: Pick<LoadRecord, 'asked' | 'transport' | 'protocol'>): string {
  const { model, stages, requestCount, durationMs, warmUpMs } = asked;
  const rate =
    model === 'closed'
      ? 'closed model, each connection asks again when it is answered'
      : `open model, ${stages.map(describeStage).join(', then ')}, ${asked.arrivals === 'poisson' ? 'exponential gaps' : 'even steps'}`;
  const end = requestCount === null ? `for ${formatMs(durationMs)}` : `${formatCount(requestCount)} requests`;
  const warm = warmUpMs === 0 ? '' : ` after ${formatMs(warmUpMs)} of warm-up`;
  const protocolName = protocol === 'h2' ? 'HTTP/2' : 'HTTP/1.1';
  return `load: ${rate}; ${end}${warm}; ${formatCount(asked.connectionCount)} connections, ${asked.workerCount} threads, ${protocolName} by ${transport}`;
}

function describeStage({ fromPerSec, toPerSec, durationMs }: LoadRecord['asked']['stages'][number]): string {
  const rate = fromPerSec === toPerSec ? formatRate(toPerSec) : `${fromPerSec} to ${formatRate(toPerSec)}`;
  return `${rate} for ${formatMs(durationMs)}`;
}

/** One line of progress. */
export function loadLiveLine({ atMs, phase, tally, ...recent }: LoadSnapshot): string {
  const rate =
    recent.wantedPerSec === null
      ? formatRate(recent.recentPerSec)
      : `${formatRate(recent.recentPerSec)} of ${formatRate(recent.wantedPerSec)} asked`;
  const errors = tally.wrong + tally.failed;
  return [
    `${Math.floor(atMs / 1e3)} s`,
    phase === 'measured' ? rate : `${phase}, ${rate}`,
    `p50 ${formatMs(recent.recentP50Ms)}, p99 ${formatMs(recent.recentP99Ms)}`,
    `${formatCount(errors)} errors`,
    `${formatCount(tally.inFlight)} in flight${tally.waiting === 0 ? '' : `, ${formatCount(tally.waiting)} wait for a connection`}`,
  ].join(' · ');
}

/** The lines of the result. */
export function loadResultLines(record: LoadRecord): string[] {
  const { figures, tally, ceiling } = record;
  const isAtLeast = ceiling.some(({ level }) => level === 'at-least');
  return [
    `${isAtLeast ? 'at least ' : ''}${formatRate(figures.rightPerSec)} right answers over ${formatMs(figures.measuredMs)}${endedText(record)}`,
    ...accountLines(record),
    ...percentileLines(record),
    ...errorLines(record),
    ...figures.byRequest.map(
      ({ name, service }) =>
        `  ${printable(name)}: ${formatCount(service.count)} right, p50 ${formatMs(service.p50Ms)}, p99 ${formatMs(service.p99Ms)}`,
    ),
    ...(tally.surplusAnswers === 0
      ? []
      : [`${formatCount(tally.surplusAnswers)} answers came that nobody had asked for`]),
    ...ceiling.map(({ what, text }) => `bound by ${what}: ${text}`),
    ...record.thresholds.map(
      ({ rule, verdict, found }) =>
        `${verdict === 'failed' ? 'FAILED' : 'passed'}: ${rule}: ${found === null ? 'nothing was measured' : `is ${Number(found.toPrecision(4))}`}`,
    ),
  ];
}

function endedText({ ended }: LoadRecord): string {
  const words = {
    done: '',
    drained: ', stopped early',
    aborted: ', cut',
    threshold: ', ended by a failed rule',
  };
  return words[ended];
}

function accountLines({ asked, tally, transport }: LoadRecord): string[] {
  const open =
    asked.model === 'closed'
      ? `${formatCount(tally.sent)} sent`
      : `${formatCount(tally.asked)} asked, ${formatCount(tally.sent)} sent, ${formatCount(tally.late)} late, ${formatCount(tally.unsent)} unsent`;
  const lines = [
    `${open}, ${formatCount(tally.answered)} answered: ${formatCount(tally.right)} right, ${formatCount(tally.wrong)} wrong; ${formatCount(tally.failed)} failed, ${formatCount(tally.unanswered)} unanswered`,
    `${formatCount(tally.connectionsOpened)} connections made by ${transport}; ${formatCount(tally.bytesReceived)} bytes of bodies`,
  ];
  if (asked.warmUpMs > 0)
    lines.push(
      `warm-up: ${formatCount(tally.warmUpAsked)} asked, ${formatCount(tally.warmUpWrong)} not right; in no other figure`,
    );
  return lines;
}

const ROWS = [
  ['response', 'response time', 'from when it was due to the end of the answer'],
  ['service', 'service time', 'from its sending'],
  ['firstByte', 'first byte', 'from its sending'],
  ['transfer', 'transfer', 'from the head to the end of the answer'],
  ['connect', 'connect', 'name, TCP and TLS, of each connection'],
  ['late', 'sent late by', 'from when it was due to its sending'],
  ['wrong', 'wrong answers', 'response time of answers that failed a check'],
] as const;

function percentileLines({ figures, asked }: LoadRecord): string[] {
  const rows = ROWS.filter(
    ([name]) => figures.latencies[name].count > 0 && (name !== 'late' || asked.model === 'open'),
  );
  return rows.map(([name, title, meaning]) => {
    const cells = percentileCells(figures.latencies[name]);
    return `  ${title.padEnd(14)} ${cells.map((cell, at) => `${COLUMNS[at]} ${cell}`).join(', ')} (${meaning})`;
  });
}

const COLUMNS = ['p50', 'p90', 'p99', 'p99.9', 'max'] as const;

function percentileCells({ p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: Percentiles): string[] {
  return [p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map((ms) => formatMs(ms));
}

function errorLines({ tally, statuses }: LoadRecord): string[] {
  const count = tally.wrong + tally.failed + tally.unanswered;
  if (count === 0) return [];
  const classes = [
    ...Object.entries(tally.checks).map(([check, times]) => [`wrong ${check}`, times] as const),
    ...Object.entries(tally.failures),
    ['unanswered', tally.unanswered] as const,
  ].filter(([, times]) => times > 0);
  const seen = Object.entries(statuses).map(([status, times]) => `${status}: ${formatCount(times)}`);
  return [
    `errors: ${classes.map(([name, times]) => `${name} ${formatCount(times)}`).join(', ')}`,
    `statuses: ${seen.length === 0 ? NO_NUMBER : seen.join(', ')}`,
  ];
}

/** The result as Markdown, for the summary of a CI step. */
export function loadMarkdown(record: LoadRecord): string {
  const { figures } = record;
  const rows = ROWS.filter(([name]) => figures.latencies[name].count > 0).map(
    ([name, title]) => `| ${title} | ${percentileCells(figures.latencies[name]).join(' | ')} |`,
  );
  const [first = '', ...others] = loadResultLines(record).filter((line) => !line.startsWith('  '));
  const asked = record.asked.requests.map(({ name }) => `\`${printable(name).replaceAll('`', "'")}\``);
  return [
    `### ${first}`,
    '',
    asked.join(', '),
    '',
    `| | ${COLUMNS.join(' | ')} |`,
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    ...others.map((line) => `- ${line}`),
    '',
  ].join('\n');
}

/** One rate of the search for the knee. */
export function kneeStepLine({ perSec, seconds, verdict, found, ...step }: KneeStep): string {
  const words = { held: 'holds', broke: 'BREAKS', saturated: 'is more than this client can send' };
  const figure = found === null ? 'nothing answered' : `${Number(found.toPrecision(4))}`;
  return `${formatRate(perSec)} for ${seconds} s ${words[verdict]}: ${figure} (whole step: ${formatRate(step.rightPerSec)} right, p50 ${formatMs(step.p50Ms)}, p99 ${formatMs(step.p99Ms)}, max ${formatMs(step.maxMs)}, ${(step.errorRatio * 100).toFixed(2)} % errors)`;
}

export function kneeResultLine({ rule, kneePerSec, brokePerSec, isAtLeast }: KneeRecord): string {
  if (kneePerSec === null) return `no rate keeps ${rule}`;
  const broke = brokePerSec === null ? 'no rate broke it' : `${formatRate(brokePerSec)} breaks it`;
  return `${isAtLeast ? 'at least ' : ''}${formatRate(kneePerSec)} keep ${rule}; ${broke}`;
}
