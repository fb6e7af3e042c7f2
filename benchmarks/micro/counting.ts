// The cost of counting each answer: latency, bits and counters, ours in shared memory and Node.js's own histogram.

import { createHistogram } from 'node:perf_hooks';
import { Bitmap } from '../../src/measure/bitmap.ts';
import { Histogram } from '../../src/measure/histogram.ts';
import { Tally } from '../../src/measure/tally.ts';
import type { MicroSuite, MicroTask } from './suite.ts';

const COUNT = 10_000;

/** Latencies between 1 s and 2 s, as a wave has them. */
const LATENCIES_MS = Array.from({ length: COUNT }, (_, index) => 1000 + ((index * 7919) % 1_000_000) / 1e3);

export const counting: MicroSuite = {
  name: 'counting',
  operation: 'an answer counted',
  open: async () => {
    const ours = new Histogram(Histogram.allocate());
    const native = createHistogram();
    const bitmap = new Bitmap(COUNT);
    const tally = new Tally();
    const times = (name: string, count: (index: number) => void): MicroTask => ({
      name,
      operations: COUNT,
      run: () => {
        for (let index = 0; index < COUNT; index++) count(index);
      },
    });
    return {
      tasks: [
        times('our histogram', (index) => ours.recordMs(LATENCIES_MS[index] as number)),
        times('histogram of perf_hooks', (index) =>
          native.record(Math.round((LATENCIES_MS[index] as number) * 1e3)),
        ),
        times('bit of a trial', (index) => bitmap.add(index)),
        times('counter', () => tally.add('ok', 1)),
        times('sum and sum of squares', (index) => tally.addValue(index)),
      ],
      [Symbol.asyncDispose]: async () => {},
    };
  },
};
