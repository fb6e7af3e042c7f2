// Sentences that the Markdown and the HTML report share.

import type { Comparison } from '../model/comparison.ts';
import { formatCount, formatInterval, formatMs, formatTimes } from './format-numbers.ts';

/** What was measured, in a line. */
export function reportTitle({ strategies, trialCount, delayMs }: Comparison): string {
  const only = strategies[0];
  const delay = delayMs === null ? '' : ` with a delay of ${formatMs(delayMs)} each`;
  const what = strategies.length === 1 && only !== undefined ? only.name : `${strategies.length} strategies`;
  return `${what}: ${formatCount(trialCount)} trials${delay}`;
}

/** When and on which machine it was measured. */
export function whenAndWhere({ startedAt, machine, strategies, roundCount, versions }: Comparison): string {
  const at = new Date(startedAt);
  const when = Number.isNaN(at.getTime())
    ? startedAt
    : `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const rounds = strategies.length === 1 && roundCount === 1 ? 'one round' : `${roundCount} rounds of each`;
  return `spillway ${versions['spillway'] ?? ''} · ${when} · ${machine.cpuModel}, ${machine.usableCores} cores · ${rounds}`;
}

/** What the reference against itself showed; null when it was not measured. */
export function noiseSentence({ noise }: Comparison): string | null {
  if (noise.pairs.length === 0) return null;
  if (noise.noise === null)
    return `${noise.strategy} against itself: too few whole pairs to know this machine’s noise.`;
  return `${noise.strategy} against itself shows ratios of time of ${formatInterval(noise.noise, formatTimes)} by chance alone; a difference inside that is called none.`;
}
