// Requests in flight and open connections over time, sampled ten times a second.

import type { RoundRecord } from '../../model/record.ts';
import { formatCount } from '../format-numbers.ts';
import { element, type Markup, together } from '../markup.ts';
import { linePath, type PlotArea, verticalAxis } from './figure.ts';
import { linearScale, roundUp, type Scale } from './scale.ts';

export function openPanel({ snapshots }: RoundRecord, time: Scale, area: PlotArea, endMs: number): Markup {
  const seen = snapshots.filter(({ atMs }) => atMs <= endMs);
  const peak = Math.max(1, ...seen.flatMap(({ inFlight, connections }) => [inFlight, connections]));
  const count = linearScale([0, roundUp(peak, 3)], [area.bottom, area.top], 3, (value) =>
    Number.isInteger(value) ? formatCount(value) : '',
  );
  const line = (pick: 'inFlight' | 'connections') =>
    linePath(seen.map((snapshot) => [time.at(snapshot.atMs), count.at(snapshot[pick])] as const));
  return together([
    verticalAxis(count, area, 'open at once'),
    element('path', { d: line('inFlight'), class: 'line s1' }),
    element('path', { d: line('connections'), class: 'line s2 dashed' }),
  ]);
}
