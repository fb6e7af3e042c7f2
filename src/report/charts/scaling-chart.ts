// How many times as fast the reference is on more workers: each round a dot, and a line for perfect scaling.

import type { Comparison, ScalingPoint } from '../../model/comparison.ts';
import { formatMs, formatTimes } from '../format-numbers.ts';
import { element, type Markup } from '../markup.ts';
import { figure, horizontalAxis, linePath, type PlotArea, verticalAxis, WIDTH } from './figure.ts';
import { linearScale, roundUp } from './scale.ts';

const HEIGHT = 300;
const AREA: PlotArea = { left: 58, right: WIDTH - 24, top: 30, bottom: HEIGHT - 42 };

/** null when the scaling was not measured. */
export function scalingChart({ scaling, reference }: Comparison): Markup | null {
  const points = scaling.toSorted((a, b) => a.workerCount - b.workerCount);
  const base = points[0];
  if (base === undefined) return null;
  const most = Math.max(...points.map(({ workerCount }) => workerCount));
  const ideal = most / base.workerCount;
  const dots = points.flatMap((point) => roundSpeedUps(point, base));
  const high = roundUp(
    Math.max(ideal, ...dots.map(({ speedUp }) => speedUp), ...points.map((p) => p.speedUp)),
  );
  const x = linearScale([base.workerCount - 0.25, most + 0.25], [AREA.left, AREA.right], 8, (value) =>
    Number.isInteger(value) ? String(value) : '',
  );
  const y = linearScale([0, high], [AREA.bottom, AREA.top], 5, formatTimes);
  return figure(
    {
      id: 'scaling',
      title: `Scaling of ${reference}`,
      description: points
        .map(
          (point) =>
            `${point.workerCount} workers: ${formatMs(point.wallMs.median)}, ${formatTimes(point.speedUp)}`,
        )
        .join('; '),
      caption:
        'How many times as fast as on the fewest workers; every round a dot. A delay that does not shrink with more cores keeps the curve below the ideal.',
      height: HEIGHT,
      legend: [
        { label: 'measured', className: 'line s0' },
        { label: 'ideal', className: 'line ideal' },
      ],
    },
    horizontalAxis({ at: x.at, ticks: x.ticks.filter(({ label }) => label !== '') }, AREA, 'workers'),
    verticalAxis(y, AREA, 'speed-up'),
    element('path', {
      d: linePath([
        [x.at(base.workerCount), y.at(1)],
        [x.at(most), y.at(ideal)],
      ]),
      class: 'line ideal',
    }),
    element('path', {
      d: linePath(points.map((point) => [x.at(point.workerCount), y.at(point.speedUp)] as const)),
      class: 'line s0',
    }),
    ...dots.map(({ workerCount, speedUp, wallMs }) =>
      element(
        'circle',
        { cx: x.at(workerCount), cy: y.at(speedUp), r: 3.6, class: 'dot' },
        element('title', {}, `${workerCount} workers: ${formatMs(wallMs)}`),
      ),
    ),
  );
}

function roundSpeedUps({ rounds, workerCount }: ScalingPoint, base: ScalingPoint) {
  return rounds
    .filter(({ wallMs }) => wallMs > 0)
    .map(({ wallMs }) => ({ workerCount, wallMs, speedUp: base.wallMs.median / wallMs }));
}
