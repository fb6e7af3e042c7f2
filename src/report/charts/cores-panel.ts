// A lane of activity for each worker, and so for each core: what share of the time its event loop was busy.

import type { RoundRecord } from '../../model/record.ts';
import { formatShare } from '../format-numbers.ts';
import { element, type Markup, together } from '../markup.ts';
import { coordinate, type Child } from '../markup.ts';
import type { PlotArea } from './figure.ts';
import type { Scale } from './scale.ts';

const LANE_HEIGHT = 28;
const FILL_HEIGHT = 22;
/** The busiest ones are drawn where there are more. */
const MAX_LANES = 12;

export interface BusySpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ratio: number;
}

/** How busy a worker was from one note of its own to the next; empty where it noted nothing while the round ran. */
export function busySpans({ snapshots }: RoundRecord, worker: number): BusySpan[] {
  const spans: BusySpan[] = [];
  let fromMs = 0;
  let [activeBefore, idleBefore] = [0, 0];
  for (const { atMs, workerLoopsMs } of snapshots) {
    const [activeMs, idleMs] = workerLoopsMs[worker] ?? [activeBefore, idleBefore];
    const spentMs = activeMs - activeBefore + (idleMs - idleBefore);
    if (spentMs <= 0) continue;
    spans.push({ fromMs, toMs: atMs, ratio: Math.min(1, Math.max(0, (activeMs - activeBefore) / spentMs)) });
    [fromMs, activeBefore, idleBefore] = [atMs, activeMs, idleMs];
  }
  return spans;
}

export function coresHeight({ workers }: RoundRecord): number {
  return Math.max(1, Math.min(workers.length, MAX_LANES)) * LANE_HEIGHT;
}

export function coresPanel(round: RoundRecord, time: Scale, area: PlotArea, endMs: number): Markup {
  const drawn = [...round.workers.entries()]
    .toSorted(([, a], [, b]) => b.utilizationRatio - a.utilizationRatio)
    .slice(0, MAX_LANES)
    .toSorted(([a], [b]) => a - b);
  const hidden = round.workers.length - drawn.length;
  const title =
    hidden > 0
      ? `busy, the ${drawn.length} busiest of ${round.workers.length} workers`
      : 'event loop busy, each worker';
  return together([
    element('text', { x: 0, y: area.top - 10, class: 'name' }, title),
    ...drawn.map(([worker, { utilizationRatio }], row) => {
      const bottom = area.top + (row + 1) * LANE_HEIGHT;
      return lane(worker, utilizationRatio, busySpans(round, worker), bottom, { time, area, endMs });
    }),
  ]);
}

function lane(
  worker: number,
  totalRatio: number,
  spans: readonly BusySpan[],
  bottom: number,
  { time, area, endMs }: { readonly time: Scale; readonly area: PlotArea; readonly endMs: number },
): Markup {
  const parts: Child[] = [
    element('line', { x1: area.left, x2: area.right, y1: bottom, y2: bottom, class: 'axis' }),
    element(
      'text',
      { x: area.left - 6, y: bottom - 9, class: 'tick end' },
      `${worker + 1}: ${formatShare(totalRatio)}`,
    ),
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
    parts.push(element('path', { d: `M${area.left} ${bottom}${path}L${end} ${bottom}Z`, class: 'busy' }));
  }
  return together(parts);
}
