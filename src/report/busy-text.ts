// Event loops over time for reports without figures: a bar of characters for each worker and each replica.

import type { Comparison } from '../model/comparison.ts';
import type { RoundRecord } from '../model/record.ts';
import { busyBars, busySpans, type LoopsField } from './busy-spans.ts';
import { formatShare } from './format-numbers.ts';
import { medianRound } from './median-round.ts';
import { plainTable, type ReportTable } from './report-table.ts';

const LINE_CELLS = 20;
const TABLE_CELLS = 32;
/** With more workers or replicas than this, the table shows only the busiest of each kind. */
const MAX_ROWS = 4;

interface Loop {
  readonly index: number;
  readonly ratio: number;
}

const KINDS = [
  ['worker', 'workerLoopsMs', ({ workers }: RoundRecord) => workers.map((worker) => worker.utilizationRatio)],
  ['replica', 'replicaLoopsMs', ({ server }: RoundRecord) => server?.utilizationRatios ?? []],
] as const;

/** One line for the terminal with the busiest worker and the busiest replica; null when nothing was noted. */
export function busyLine(round: RoundRecord): string | null {
  const parts = KINDS.flatMap(([kind, field, ratiosOf]) => {
    const [loop] = busiestFirst(ratiosOf(round));
    const bars = loop === undefined ? null : barsOf(round, field, loop, LINE_CELLS);
    return bars === null ? [] : [`busiest ${kind} ${bars}`];
  });
  return parts.length === 0 ? null : `busy over time: ${parts.join('  ')}`;
}

/** A table of the median round of each strategy; null when nothing was noted. */
export function busyTable({ strategies }: Comparison): ReportTable | null {
  const rows = strategies.flatMap(({ name, rounds }) => {
    const round = medianRound(rounds);
    return round === undefined ? [] : roundRows(name, round);
  });
  if (rows.length === 0) return null;
  return plainTable(
    'How busy event loops were, from the start of the median round to its end',
    [{ title: 'strategy' }, { title: 'whose' }, { title: 'busy', isNumber: true }, { title: 'over time' }],
    rows,
  );
}

function roundRows(name: string, round: RoundRecord): string[][] {
  return KINDS.flatMap(([kind, field, ratiosOf]) =>
    busiestFirst(ratiosOf(round))
      .slice(0, MAX_ROWS)
      .toSorted((a, b) => a.index - b.index)
      .flatMap((loop) => {
        const bars = barsOf(round, field, loop, TABLE_CELLS);
        return bars === null ? [] : [[name, `${kind} ${loop.index + 1}`, formatShare(loop.ratio), bars]];
      }),
  );
}

function busiestFirst(ratios: readonly number[]): Loop[] {
  return ratios.map((ratio, index) => ({ index, ratio })).toSorted((a, b) => b.ratio - a.ratio);
}

function barsOf(round: RoundRecord, field: LoopsField, { index }: Loop, fieldCount: number): string | null {
  const spans = busySpans(round.snapshots, field, index);
  return spans.length === 0 ? null : busyBars(spans, round.wallMs, fieldCount);
}
