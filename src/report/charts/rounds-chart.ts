// Every round as a dot, so that readers can check the medians: one row for each strategy, with its interval
// and its floor.

import type { Comparison, StrategyResult } from '../../model/comparison.ts';
import { formatMs } from '../format-numbers.ts';
import { element, type Markup, together } from '../markup.ts';
import { figure, horizontalAxis, type PlotArea, shortName, WIDTH } from './figure.ts';
import { linearScale, logScale, type Scale } from './scale.ts';

const ROW_HEIGHT = 34;
const LEFT = 112;
const RIGHT = WIDTH - 76;
const TOP = 10;
/**
 * From this ratio of slowest to fastest the axis is logarithmic: a linear one would press the fast ones
 * together.
 */
const LOG_FROM_RATIO = 8;

/** null when no round was run. */
export function roundsChart({ strategies }: Comparison): Markup | null {
  const rows = strategies.filter(({ rounds }) => rounds.length > 0);
  if (rows.length === 0) return null;
  const bottom = TOP + rows.length * ROW_HEIGHT;
  const area: PlotArea = { left: LEFT, right: RIGHT, top: TOP, bottom };
  const values = rows.flatMap((row) => [...wallTimes(row), ...floorOf(row)]);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const isLog = high / Math.max(low, 1e-3) > LOG_FROM_RATIO;
  const unit = high >= 1e3 ? 1e3 : 1;
  const label = (value: number) => String(Number((value / unit).toPrecision(6)));
  const margin = (high - low) * 0.06 || high * 0.1;
  const scale = isLog
    ? logScale([low * 0.8, high * 1.25], [LEFT, RIGHT], label)
    : linearScale([Math.max(0, low - margin), high + margin], [LEFT, RIGHT], 6, label);
  const hasProjected = rows.some(({ projected }) => projected !== null);
  return figure(
    {
      id: 'rounds',
      title: 'Every round',
      description: rows
        .map(
          (row) =>
            `${row.name}: median ${formatMs(row.figures.wallMs.median)} of ${row.rounds.length} rounds`,
        )
        .join('; '),
      caption: `Time of each round: a dot is a round, the tick its strategy’s median, the bar the median’s interval, the triangle the floor that the delay sets.${hasProjected ? ' Hollow dots are projected from fewer trials.' : ''} ${isLog ? 'Logarithmic axis.' : 'The axis does not begin at zero.'}`,
      height: bottom + 40,
    },
    horizontalAxis(scale, area, unit === 1e3 ? 'time of a round, seconds' : 'time of a round, milliseconds'),
    ...rows.map((row, index) => strategyRow(row, scale, TOP + (index + 0.5) * ROW_HEIGHT)),
  );
}

function wallTimes({ rounds, projected }: StrategyResult): number[] {
  return rounds.map(({ wallMs }) => wallMs * (projected?.factor ?? 1));
}

function floorOf({ figures }: StrategyResult): number[] {
  return figures.floorMs === null || figures.floorMs === 0 ? [] : [figures.floorMs];
}

function strategyRow(row: StrategyResult, scale: Scale, y: number): Markup {
  const { wallMs, floorMs } = row.figures;
  const median = scale.at(wallMs.median);
  const interval = wallMs.interval;
  return together([
    element('text', { x: LEFT - 10, y: y + 4, class: 'row end' }, shortName(row.name, 13)),
    element('line', { x1: LEFT, x2: RIGHT, y1: y, y2: y, class: 'guide' }),
    interval === null
      ? null
      : element('rect', {
          x: scale.at(interval.low),
          y: y - 7,
          width: Math.max(1, scale.at(interval.high) - scale.at(interval.low)),
          height: 14,
          class: 'interval',
        }),
    floorMs === null || floorMs === 0 ? null : floorMark(scale.at(floorMs), y, floorMs),
    ...wallTimes(row).map((value, index) => dot(row, index, scale.at(value), y + spread(index), value)),
    row.rounds.length > 1
      ? element('line', { x1: median, x2: median, y1: y - 11, y2: y + 11, class: 'median' })
      : null,
    element('text', { x: RIGHT + 8, y: y + 4, class: 'value' }, formatMs(wallMs.median)),
  ]);
}

function floorMark(x: number, y: number, floorMs: number): Markup {
  const path = `M${x.toFixed(1)} ${(y + 8).toFixed(1)}l-4 7h8z`;
  return element('path', { d: path, class: 'floor' }, element('title', {}, `floor ${formatMs(floorMs)}`));
}

/** Moves dots of similar times apart, in the order of the rounds. */
function spread(index: number): number {
  return [0, -4, 4, -2, 2][index % 5] as number;
}

function dot(row: StrategyResult, index: number, x: number, y: number, valueMs: number): Markup {
  const round = row.rounds[index];
  const isBad = round?.proof.verdict === 'broken' || round?.ended !== 'done';
  const note = isBad ? ', not whole' : row.projected === null ? '' : ', projected';
  const title = element('title', {}, `${row.name}, round ${index + 1}: ${formatMs(valueMs)}${note}`);
  if (isBad) {
    const path = `M${(x - 4).toFixed(1)} ${(y - 4).toFixed(1)}l8 8m0 -8l-8 8`;
    return element('path', { d: path, class: 'bad-dot' }, title);
  }
  return element(
    'circle',
    { cx: x, cy: y, r: 3.6, class: row.projected === null ? 'dot' : 'dot hollow' },
    title,
  );
}
