// A lane of activity for each worker and each replica of our server: what share of the time its event loop
// was busy. Workers are above and replicas below, in different colours.

import type { RoundRecord, Snapshot } from '../../model/record.ts';
import { type BusySpan, busySpans, type LoopsField } from '../busy-spans.ts';
import { formatShare } from '../format-numbers.ts';
import { element, type Markup, together } from '../markup.ts';
import { coordinate, type Child } from '../markup.ts';
import type { PlotArea } from './figure.ts';
import type { Scale } from './scale.ts';

const LANE_HEIGHT = 28;
const FILL_HEIGHT = 22;
/** Space between the workers and the replicas, for the name of the second group. */
const GROUP_GAP = 30;
/** With more workers or replicas than this, only the busiest of each kind are drawn. */
const MAX_LANES = 12;

export function coresHeight(round: RoundRecord): number {
  const lanes = (ratios: readonly number[]) => Math.min(ratios.length, MAX_LANES) * LANE_HEIGHT;
  const [workers, replicas] = [lanes(workerRatios(round)), lanes(replicaRatios(round))];
  return Math.max(LANE_HEIGHT, workers) + (replicas === 0 ? 0 : GROUP_GAP + replicas);
}

export function coresPanel(round: RoundRecord, time: Scale, area: PlotArea, endMs: number): Markup {
  const draw = { snapshots: round.snapshots, time, endMs };
  const workers = laneGroup('workerLoopsMs', workerRatios(round), area, draw);
  const below = { ...area, top: area.top + Math.max(1, workers.laneCount) * LANE_HEIGHT + GROUP_GAP };
  const replicas = laneGroup('replicaLoopsMs', replicaRatios(round), below, draw);
  return together([workers.markup, ...(replicas.laneCount === 0 ? [] : [replicas.markup])]);
}

function workerRatios({ workers }: RoundRecord): number[] {
  return workers.map(({ utilizationRatio }) => utilizationRatio);
}

function replicaRatios({ server }: RoundRecord): readonly number[] {
  return server?.utilizationRatios ?? [];
}

const WORDS = {
  workerLoopsMs: { one: 'worker', many: 'workers', className: 'busy s3' },
  replicaLoopsMs: { one: 'replica of the server', many: 'replicas of the server', className: 'busy s4' },
} as const;

interface Drawing {
  readonly snapshots: readonly Snapshot[];
  readonly time: Scale;
  readonly endMs: number;
}

function laneGroup(
  field: LoopsField,
  ratios: readonly number[],
  area: PlotArea,
  { snapshots, time, endMs }: Drawing,
): { readonly markup: Markup; readonly laneCount: number } {
  const drawn = [...ratios.entries()]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MAX_LANES)
    .toSorted(([a], [b]) => a - b);
  const { one, many, className } = WORDS[field];
  const title =
    drawn.length < ratios.length
      ? `busy, the ${drawn.length} busiest of ${ratios.length} ${many}`
      : `event loop busy, each ${one}`;
  const markup = together([
    element('text', { x: 0, y: area.top - 10, class: 'name' }, title),
    ...drawn.map(([index, ratio], row) => {
      const bottom = area.top + (row + 1) * LANE_HEIGHT;
      return lane(`${index + 1}: ${formatShare(ratio)}`, busySpans(snapshots, field, index), bottom, {
        time,
        area,
        endMs,
        className,
      });
    }),
  ]);
  return { markup, laneCount: drawn.length };
}

function lane(
  label: string,
  spans: readonly BusySpan[],
  bottom: number,
  {
    time,
    area,
    endMs,
    className,
  }: { readonly time: Scale; readonly area: PlotArea; readonly endMs: number; readonly className: string },
): Markup {
  const parts: Child[] = [
    element('line', { x1: area.left, x2: area.right, y1: bottom, y2: bottom, class: 'axis' }),
    element('text', { x: area.left - 6, y: bottom - 9, class: 'tick end' }, label),
  ];
  const path = spans
    .filter(({ fromMs }) => fromMs < endMs)
    .map(({ fromMs, toMs, ratio }) => {
      const left = coordinate(time.at(fromMs));
      const right = coordinate(time.at(Math.min(toMs, endMs)));
      const top = coordinate(bottom - ratio * FILL_HEIGHT);
      return `L${left} ${top}L${right} ${top}`;
    })
    .join('');
  const last = spans.findLast(({ fromMs }) => fromMs < endMs);
  if (last !== undefined) {
    const end = coordinate(time.at(Math.min(last.toMs, endMs)));
    parts.push(element('path', { d: `M${area.left} ${bottom}${path}L${end} ${bottom}Z`, class: className }));
  }
  return together(parts);
}
