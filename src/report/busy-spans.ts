// How busy event loops were over time, from what workers and replicas noted themselves, for figures and text.

import type { Snapshot } from '../model/record.ts';

/** The snapshots' field that holds a kind's event loops. */
export type LoopsField = 'workerLoopsMs' | 'replicaLoopsMs';

export interface BusySpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ratio: number;
}

/** How busy one loop was between its notes; empty when it noted nothing while the round ran. */
export function busySpans(
  snapshots: readonly Pick<Snapshot, 'atMs' | LoopsField>[],
  field: LoopsField,
  index: number,
): BusySpan[] {
  const spans: BusySpan[] = [];
  let fromMs = 0;
  let [activeBefore, idleBefore] = [0, 0];
  for (const snapshot of snapshots) {
    const { atMs } = snapshot;
    const [activeMs, idleMs] = snapshot[field][index] ?? [activeBefore, idleBefore];
    const spentMs = activeMs - activeBefore + (idleMs - idleBefore);
    if (spentMs <= 0) continue;
    spans.push({ fromMs, toMs: atMs, ratio: Math.min(1, Math.max(0, (activeMs - activeBefore) / spentMs)) });
    [fromMs, activeBefore, idleBefore] = [atMs, activeMs, idleMs];
  }
  return spans;
}

const LEVELS = '▁▂▃▄▅▆▇█';

/**
 * The same as one character for each of `fieldCount` equal parts of the time until `endMs`; `·` where nothing
 * is known.
 */
export function busyBars(spans: readonly BusySpan[], endMs: number, fieldCount: number): string {
  const cellMs = endMs / fieldCount;
  return Array.from({ length: fieldCount }, (_, cell) => {
    let [knownMs, busyMs] = [0, 0];
    for (const { fromMs, toMs, ratio } of spans) {
      const insideMs = Math.min(toMs, (cell + 1) * cellMs) - Math.max(fromMs, cell * cellMs);
      if (insideMs <= 0) continue;
      knownMs += insideMs;
      busyMs += insideMs * ratio;
    }
    return knownMs === 0 ? '·' : LEVELS[Math.min(LEVELS.length - 1, Math.floor((busyMs / knownMs) * 8))];
  }).join('');
}
