// The public entry point: the names that a program may import from spillway, each with a page in docs/library. Only
// re-exports.

export { SpillwayError } from './model/errors.ts';
export { type Outcome, type Run, type RunReport, startRun } from './library/start-run.ts';
export type { RunOptions } from './library/run-options.ts';
export type { CallerSink as Sink } from './sinks/caller-sink.ts';
export { type BenchOptions, startBench } from './library/start-bench.ts';
export { type ComparisonOptions, compareStrategies } from './library/compare-strategies.ts';
export { startServer } from './server/cluster.ts';
