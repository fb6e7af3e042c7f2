// Two records side by side as lines of text: what changed from A to B, and whether it is more than chance.
// Pure.

import { type Difference, judgeTimes, makeRandom, noiseInterval } from '../measure/statistics.ts';
import { alignColumns } from './comparison-text.ts';
import { formatFigure } from './fail-rule.ts';
import { type Metric, medianFigure, type RecordSide, type StrategySide } from './record-side.ts';

const SHOWN = [
  'wallMs',
  'answersPerSec',
  'p50Ms',
  'p99Ms',
  'maxMs',
  'clientCpuUsPerTrial',
  'serverCpuUsPerTrial',
  'failedCount',
] as const satisfies readonly Metric[];

/** A fixed seed, so that the same records give the same lines. */
const SEED = 1;

export function recordsLines(a: RecordSide, b: RecordSide): string[] {
  const both = [...a.strategies.keys()].filter((name) => b.strategies.has(name));
  return [
    `A: ${a.file}, of ${a.startedAt}`,
    `B: ${b.file}, of ${b.startedAt}`,
    ...conditionLines(a, b),
    ...missingLines(a, b),
    ...both.flatMap((name) => ['', ...strategyLines(name, a, b)]),
    ...(both.length === 0 ? ['no strategy is in both'] : []),
  ];
}

function conditionLines(a: RecordSide, b: RecordSide): string[] {
  return Object.entries(a.conditions)
    .filter(([name, value]) => b.conditions[name] !== value)
    .map(
      ([name, value]) => `not the same: ${name} was ${value} in A, ${b.conditions[name] ?? 'unknown'} in B`,
    );
}

function missingLines(a: RecordSide, b: RecordSide): string[] {
  const only = (here: RecordSide, there: RecordSide, side: string) =>
    [...here.strategies.keys()]
      .filter((name) => !there.strategies.has(name))
      .map((name) => `${name} is in ${side} only`);
  return [...only(a, b, 'A'), ...only(b, a, 'B')];
}

function strategyLines(name: string, a: RecordSide, b: RecordSide): string[] {
  const doubts = [...doubtLines('A', a.strategies.get(name)), ...doubtLines('B', b.strategies.get(name))];
  const difference = doubts.length === 0 ? judge(name, a, b) : null;
  const interval = difference?.interval ?? null;
  const rows = SHOWN.flatMap((metric) => {
    const before = medianFigure(a, name, metric);
    const after = medianFigure(b, name, metric);
    if (before === null || after === null) return [];
    const ratio = before === 0 ? '-' : `${(after / before).toFixed(2)}x`;
    const range =
      metric !== 'wallMs' || interval === null
        ? ''
        : `${interval.low.toFixed(2)}x … ${interval.high.toFixed(2)}x`;
    return [[`  ${metric}`, formatFigure(before), formatFigure(after), ratio, range]];
  });
  return [
    `${name}: ${difference === null ? 'no verdict' : formatVerdict(difference)}`,
    ...doubts,
    ...alignColumns([['', 'A', 'B', 'B / A', 'interval'], ...rows]).map((line) => line.trimEnd()),
  ];
}

function formatVerdict({ verdict, reason }: Difference): string {
  return `${verdict === 'faster' || verdict === 'slower' ? `B is ${verdict}` : verdict}; ${reason}`;
}

/** Why the times of a side prove nothing: its answers were wrong, or its run was stopped. */
function doubtLines(label: 'A' | 'B', strategy: StrategySide | undefined): string[] {
  if (strategy === undefined) return [];
  const { roundCount, figures } = strategy;
  return (
    [
      ['the proof is broken', figures.brokenProofCount],
      ['the run was stopped', figures.stoppedCount],
    ] as const
  ).flatMap(([what, [count = 0]]) =>
    count === 0 ? [] : [`${label}: ${what} in ${count} of ${roundCount} rounds, so its times prove nothing`],
  );
}

/** Judges by the noise of both sides. Records of different times may differ by more than either side shows. */
function judge(name: string, a: RecordSide, b: RecordSide): Difference {
  const before = a.strategies.get(name)?.figures.wallMs ?? [];
  const after = b.strategies.get(name)?.figures.wallMs ?? [];
  const noise = noiseInterval([...a.noiseRatios, ...b.noiseRatios], Math.min(before.length, after.length));
  return judgeTimes(after, before, noise, makeRandom(SEED));
}
