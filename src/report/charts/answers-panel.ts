// Answers over time as a share of the trials: a lost SYN shows as a step one, three or seven seconds late.

import type { RoundRecord } from '../../model/record.ts';
import { element, type Markup, together } from '../markup.ts';
import { linePath, type PlotArea, verticalAxis } from './figure.ts';
import { linearScale, type Scale } from './scale.ts';

/** At most this many other rounds are drawn, only to show the spread: more lines add nothing. */
const MAX_OTHERS = 30;

export function answersPanel(
  rounds: readonly RoundRecord[],
  median: RoundRecord,
  time: Scale,
  area: PlotArea,
  endMs: number,
): Markup {
  const share = linearScale([0, 1], [area.bottom, area.top], 4, (ratio) => String(Math.round(ratio * 100)));
  const { delayMs } = median.plan;
  return together([
    verticalAxis(share, area, 'answered, % of the trials'),
    delayMs === null || delayMs === 0 || delayMs * 1.02 > median.wallMs
      ? null
      : element(
          'line',
          { x1: time.at(delayMs), x2: time.at(delayMs), y1: area.top, y2: area.bottom, class: 'floor-line' },
          element('title', {}, `the server answers no sooner than after ${delayMs} ms`),
        ),
    ...rounds
      .filter((round) => round !== median)
      .slice(0, MAX_OTHERS)
      .map((round) => element('path', { d: cumulative(round, time, share, endMs), class: 'line s0 thin' })),
    element('path', { d: cumulative(median, time, share, endMs), class: 'line s0' }),
  ]);
}

function cumulative({ timeline, plan }: RoundRecord, time: Scale, share: Scale, endMs: number): string {
  const points: [x: number, y: number][] = [[time.at(0), share.at(0)]];
  let answered = 0;
  for (const [bucket, count] of timeline.counts.entries()) {
    if (bucket * timeline.bucketMs > endMs) break;
    const isEdge = count > 0 || (timeline.counts[bucket + 1] ?? 0) > 0;
    answered += count;
    if (!isEdge && bucket < timeline.counts.length - 1) continue;
    points.push([time.at((bucket + 1) * timeline.bucketMs), share.at(answered / plan.trialCount)]);
  }
  return linePath(points);
}
