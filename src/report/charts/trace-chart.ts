// One strategy over time in three panels: answers, what was open, and how busy each worker and replica was.
// The panels share one axis, so that a step in one can be explained by another.

import type { StrategyResult } from '../../model/comparison.ts';
import type { RoundRecord } from '../../model/record.ts';
import { formatCount, formatMs } from '../format-numbers.ts';
import type { Markup } from '../markup.ts';
import { medianRound } from '../median-round.ts';
import { answersPanel } from './answers-panel.ts';
import { coresHeight, coresPanel } from './cores-panel.ts';
import { figure, horizontalAxis, type PlotArea, WIDTH } from './figure.ts';
import { openPanel } from './open-panel.ts';
import { linearScale } from './scale.ts';

const LEFT = 58;
const RIGHT = WIDTH - 14;
const ANSWERS: PlotArea = { left: LEFT, right: RIGHT, top: 26, bottom: 136 };
const OPEN: PlotArea = { left: LEFT, right: RIGHT, top: 174, bottom: 264 };
const CORES_TOP = 302;

/**
 * Limits the axis to this multiple of the median round, so that a slow round does not press the others
 * together.
 */
const MOST_AXIS_RATIO = 2.5;

/** null when no round was run. */
export function traceChart(strategy: StrategyResult, index: number): Markup | null {
  const { name, rounds } = strategy;
  const round = medianRound(rounds);
  if (round === undefined) return null;
  const lastMs = Math.max(...rounds.map(lastAnswerMs), round.wallMs);
  const endMs = Math.min(lastMs, round.wallMs * MOST_AXIS_RATIO) * 1.02;
  const unit = endMs >= 1e3 ? 1e3 : 1;
  const time = linearScale([0, endMs], [LEFT, RIGHT], 6, (ms) => String(Number((ms / unit).toPrecision(6))));
  const cores: PlotArea = {
    left: LEFT,
    right: RIGHT,
    top: CORES_TOP,
    bottom: CORES_TOP + coresHeight(round),
  };
  const others =
    rounds.length > 2
      ? ` The answers of the other ${rounds.length - 1} rounds are drawn thin.`
      : rounds.length === 2
        ? ' The answers of the other round are drawn thin.'
        : '';
  const cut = lastMs > endMs ? ` The slowest went on until ${formatMs(lastMs)}, beyond the axis.` : '';
  return figure(
    {
      id: `trace-${index}`,
      title: name,
      description: `${name}, a round of ${formatMs(round.wallMs)}: ${formatCount(round.tally.ok)} answers, at most ${formatCount(round.tally.inFlightPeak)} in flight on ${formatCount(round.tally.connectionsPeak)} connections, ${round.workers.length} workers`,
      caption: `${strategy.meaning}. The round of ${formatMs(round.wallMs)}${rounds.length > 2 ? ', the median one' : ''}.${others}${cut}`,
      height: cores.bottom + 40,
      legend: [
        { label: 'answered', className: 'line s0' },
        { label: 'in flight', className: 'line s1' },
        { label: 'connections', className: 'line s2 dashed' },
        { label: 'worker’s event loop busy', className: 'line s3' },
        ...(round.server === null
          ? []
          : [{ label: 'server replica’s event loop busy', className: 'line s4' }]),
      ],
    },
    horizontalAxis(time, ANSWERS, null),
    answersPanel(rounds, round, time, ANSWERS, endMs),
    horizontalAxis(time, OPEN, null),
    openPanel(round, time, OPEN, endMs),
    horizontalAxis(time, cores, unit === 1e3 ? 'seconds since the start' : 'milliseconds since the start'),
    coresPanel(round, time, cores, endMs),
  );
}

function lastAnswerMs({ timeline }: RoundRecord): number {
  return timeline.counts.length * timeline.bucketMs;
}
