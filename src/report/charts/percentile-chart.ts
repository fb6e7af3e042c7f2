// Latency percentiles on a logarithmic axis of nines: one line for each strategy, with all its rounds in one
// histogram.

import type { Comparison } from '../../model/comparison.ts';
import type { LatencyReport, RoundRecord } from '../../model/record.ts';
import { formatCount, formatMs } from '../format-numbers.ts';
import { element, type Markup } from '../markup.ts';
import {
  figure,
  horizontalAxis,
  linePath,
  type PlotArea,
  seriesClass,
  verticalAxis,
  WIDTH,
} from './figure.ts';
import { type CurvePoint, percentileCurve } from './percentile-curve.ts';
import { linearScale, logScale, type Scale } from './scale.ts';

const HEIGHT = 300;
const AREA: PlotArea = { left: 58, right: WIDTH - 14, top: 30, bottom: HEIGHT - 42 };
const LOG_FROM_RATIO = 8;

/** The two latencies of a round and their names in the chart. */
const KINDS = {
  latency: {
    id: 'latency',
    title: 'Latency from the dispatch',
    meaning:
      'What a caller waits: from the moment the request could begin, the wait for a connection included.',
  },
  wireLatency: {
    id: 'wire-latency',
    title: 'Latency from the send',
    meaning:
      'What the server and the network take: from the request on a standing connection to its last byte.',
  },
} as const;

export type LatencyKind = keyof typeof KINDS;

/** null when nothing was answered. */
export function percentileChart({ strategies }: Comparison, kind: LatencyKind): Markup | null {
  const { id, title, meaning } = KINDS[kind];
  const curves = strategies.map(({ name, rounds }) => ({
    name,
    both: Object.keys(KINDS).map((key) => curveOf(rounds, key as LatencyKind)),
    points: curveOf(rounds, kind),
  }));
  const everyPoint = curves.flatMap(({ both }) => both.flat());
  if (everyPoint.length === 0) return null;
  const x = ninesScale(everyPoint.reduce((most, { nines }) => Math.max(most, nines), 1));
  const { scale: y, isLog, unit } = latencyScale(...extremes(everyPoint));
  return figure(
    {
      id,
      title,
      description: strategies
        .map(
          ({ name, figures }) =>
            `${name}: p50 ${formatMs(figures[kind].p50Ms)}, p99 ${formatMs(figures[kind].p99Ms)}, max ${formatMs(figures[kind].maxMs)}`,
        )
        .join('; '),
      caption: `${meaning} Each line ends where its samples end.${isLog ? ' Logarithmic time.' : ''}`,
      height: HEIGHT,
      legend: curves.map(({ name }, index) => ({ label: name, className: `line ${seriesClass(index)}` })),
    },
    horizontalAxis(x, AREA, 'share of answers that were at least so fast'),
    verticalAxis(y, AREA, unit),
    ...curves.map(({ name, points }, index) =>
      element(
        'path',
        {
          d: linePath(points.map(({ nines, valueMs }) => [x.at(nines), y.at(valueMs)] as const)),
          class: `line ${seriesClass(index)}`,
        },
        element('title', {}, name),
      ),
    ),
  );
}

function curveOf(rounds: readonly RoundRecord[], kind: LatencyKind): CurvePoint[] {
  return percentileCurve(rounds.map((round): LatencyReport => round[kind]).map(({ histogram }) => histogram));
}

/** Finds the extremes without spreading: a comparison may have more points than a call takes arguments. */
function extremes(points: readonly CurvePoint[]): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const { valueMs } of points) {
    low = Math.min(low, valueMs);
    high = Math.max(high, valueMs);
  }
  return [low, high];
}

function ninesScale(high: number): Scale {
  const marks = [
    [0, 'min'],
    [-Math.log10(0.5), '50 %'],
    [1, '90 %'],
    [2, '99 %'],
    [3, '99.9 %'],
    [4, '99.99 %'],
    [5, '99.999 %'],
    [6, '99.9999 %'],
  ] as const;
  const { at } = linearScale([0, high], [AREA.left, AREA.right], 1, String);
  return {
    at,
    ticks: marks.filter(([nines]) => nines <= high + 0.01).map(([value, label]) => ({ value, label })),
  };
}

function latencyScale(low: number, high: number): { scale: Scale; isLog: boolean; unit: string } {
  const isLog = high / Math.max(low, 1e-3) > LOG_FROM_RATIO;
  const range = [AREA.bottom, AREA.top] as const;
  const label = (value: number) => (value >= 1e3 ? formatCount(value) : String(Number(value.toPrecision(6))));
  const margin = (high - low) * 0.05 || high * 0.05;
  const scale = isLog
    ? logScale([low * 0.9, high * 1.1], range, label)
    : linearScale([Math.max(0, low - margin), high + margin], range, 5, label);
  return { scale, isLog, unit: 'latency, ms' };
}
