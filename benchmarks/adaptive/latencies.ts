// Compares a window that is found by measuring with fixed ones, in virtual time: lists whose URLs take different
// times, at origins with and without a queue, ten seeds of each, showing the worst. Takes a minute: `node
// benchmarks/adaptive/latencies.ts [--count 600]`.

import { parseArgs } from 'node:util';
import { LATENCIES } from '../../test/workers/fetch/origin/latencies.ts';
import { worstOf } from '../../test/workers/fetch/origin/virtual-list.ts';

const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1);
const WINDOWS = [4, 8, 16, 32, 64, 128, 256, 512];
const MOST_RATIO = 1.15;

const { values } = parseArgs({ options: { count: { type: 'string', default: '6000' } } });
const count = Number(values.count);
const verdicts = LATENCIES.map((model) => worstOf({ ...model, count }, SEEDS, WINDOWS));
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
for (const { name, seed, ratio, bestMs, bestWindow, adaptiveMs, mostOpen } of verdicts)
  process.stdout.write(
    `${ratio <= MOST_RATIO ? 'met    ' : 'NOT MET'} ${ratio.toFixed(2)} ${name}: ${seconds(adaptiveMs)}, ${mostOpen} at most; best fixed ${bestWindow}, ${seconds(bestMs)} (seed ${seed})\n`,
  );
process.exitCode = verdicts.every(({ ratio }) => ratio <= MOST_RATIO) ? 0 : 1;
