// Tinybench's figures of the strategies as lines of text. Pure.

import type { WaveFigures } from '../model/record.ts';
import { alignColumns } from './comparison-text.ts';
import { LEAST_FOR_P99 } from './format-numbers.ts';
import { formatSeconds } from './round-text.ts';

export function wavesLines(figures: readonly WaveFigures[]): string[] {
  return [
    ...alignColumns([
      ['task', 'waves', 'mean', 'margin', 'least', 'most', 'trials/s', 'answers', 'p50', 'p99', 'p99.9'],
      ...figures.map((each) => [
        each.isProjected ? `${each.name} (projected)` : each.name,
        String(each.waveCount),
        formatSeconds(each.meanMs),
        each.marginRatio === null ? '-' : `±${(each.marginRatio * 100).toFixed(1)} %`,
        formatSeconds(each.leastMs),
        formatSeconds(each.mostMs),
        each.trialsPerSec.toFixed(each.trialsPerSec < 10 ? 2 : 0),
        String(each.answers.count),
        orNone(each.answers.p50Ms),
        each.answers.count < LEAST_FOR_P99 ? '-' : orNone(each.answers.p99Ms),
        orNone(each.answers.p999Ms),
      ]),
    ]).map((line) => line.trimEnd()),
    'waves by tinybench, one strategy after the other; percentiles of single answers, where there are enough of them',
  ];
}

function orNone(ms: number | null): string {
  return ms === null ? '-' : formatSeconds(ms);
}
