// The options of `spillway doctor`: those of a bench that change its plan.

import { BENCH_OPTIONS } from './bench-options.ts';
import { row } from '../options.ts';
import { flag } from '../values.ts';

export const DOCTOR_OPTIONS = {
  trials: BENCH_OPTIONS.trials,
  cores: BENCH_OPTIONS.cores,
  family: BENCH_OPTIONS.family,
  transport: BENCH_OPTIONS.transport,
  lanes: BENCH_OPTIONS.lanes,
  connections: BENCH_OPTIONS.connections,
  pipelining: BENCH_OPTIONS.pipelining,
  maxInFlight: BENCH_OPTIONS.maxInFlight,
  processes: BENCH_OPTIONS.processes,
  origin: BENCH_OPTIONS.origin,
  delay: BENCH_OPTIONS.delay,
  replicas: BENCH_OPTIONS.replicas,
  server: BENCH_OPTIONS.server,
  json: row({
    flags: '--json',
    initial: 'false',
    meaning: 'one JSON on standard output instead of text',
    parse: flag(),
  }),
} as const;
