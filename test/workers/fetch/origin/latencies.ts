// Origins and lists of unlike durations, for lists fetched in virtual time: what a rule that finds a window is held to.

import {
  bimodal,
  bySize,
  drifting,
  fifo,
  type ListModel,
  lognormal,
  sharing,
  unqueued,
} from './virtual-list.ts';

const fixed = (ms: number) => () => ms;
/** Three of ten come from a cache. */
const cached = (random: () => number) => (random() < 0.3 ? 2 + 2 * random() : 200 + 600 * random());

export const LATENCIES: readonly Omit<ListModel, 'count'>[] = [
  { name: 'fixed: 300 ms', ownMs: fixed(300), makeServe: unqueued },
  { name: 'lognormal: median 300 ms, sigma 0.5', ownMs: lognormal(300, 0.5), makeServe: unqueued },
  { name: 'lognormal: median 300 ms, sigma 1', ownMs: lognormal(300, 1), makeServe: unqueued },
  { name: 'bimodal: 4 of 5 in 0.1-0.7 s, 1 of 5 in 0.5-6 s', ownMs: bimodal, makeServe: unqueued },
  { name: 'bimodal: 3 of 10 in 2-4 ms, the others in 0.2-0.8 s', ownMs: cached, makeServe: unqueued },
  { name: 'by size: 50 ms and a Pareto tail', ownMs: bySize, makeServe: unqueued },
  {
    name: 'in order: the second half of the list takes ten times as long',
    ownMs: (random, index, count) => (index < count / 2 ? 100 : 1000) * (1 + random()),
    makeServe: unqueued,
  },
  { name: 'drifting: to three times within 30 s', ownMs: lognormal(300, 0.5), makeServe: drifting(60_000) },
  { name: 'drifting: to three times within 5 s', ownMs: lognormal(300, 0.5), makeServe: drifting(10_000) },
  { name: 'queued: 20 servers, 300 ms', ownMs: fixed(300), makeServe: fifo(20) },
  { name: 'queued: 100 servers, lognormal', ownMs: lognormal(300, 1), makeServe: fifo(100) },
  { name: 'queued: 40 servers, bimodal', ownMs: bimodal, makeServe: fifo(40) },
  { name: 'queued: 4 servers, lognormal', ownMs: lognormal(100, 0.5), makeServe: fifo(4) },
  { name: 'shared: 50 at full speed, lognormal', ownMs: lognormal(300, 1), makeServe: sharing(50) },
  {
    name: 'thrashing: 50 at full speed, goodput falls with more',
    ownMs: lognormal(300, 0.5),
    makeServe: sharing(50, 1.5),
  },
];
