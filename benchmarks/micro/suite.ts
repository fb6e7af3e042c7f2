// A micro benchmark: tasks of one kind, each with a known number of operations in an iteration, so that the table
// can show the cost of one operation.

import { Bench } from 'tinybench';

export interface MicroTask {
  readonly name: string;
  /** Operations that one call does. */
  readonly operations: number;
  readonly run: () => unknown;
  /** The call gives a promise. */
  readonly isAsync?: boolean;
}

export interface MicroSuite {
  readonly name: string;
  /** What an operation is. */
  readonly operation: string;
  /** Opens what the tasks need; what it opened is closed when the suite ends. */
  readonly open: () => Promise<AsyncDisposable & { readonly tasks: readonly MicroTask[] }>;
}

export interface MicroResult {
  readonly name: string;
  readonly operations: number;
  /** Time of one operation, median of the iterations. */
  readonly medianUs: number;
  /** Relative margin of the mean at 95 %. */
  readonly marginRatio: number;
  readonly iterations: number;
  /** Of iterations, null below 100 of them: it would be their largest. */
  readonly p99Us: number | null;
}

const LEAST_FOR_P99 = 100;

export async function runSuite(suite: MicroSuite, timeMs: number): Promise<MicroResult[]> {
  await using opened = await suite.open();
  const bench = new Bench({
    name: suite.name,
    time: timeMs,
    iterations: 10,
    warmupTime: timeMs / 4,
    throws: true,
  });
  for (const { name, run, isAsync = false } of opened.tasks) bench.add(name, run, { async: isAsync });
  await bench.run();
  return opened.tasks.map(({ name, operations }) => {
    const result = bench.getTask(name)?.result;
    if (result?.state !== 'completed') throw new Error(`${suite.name}: ${name} ended as ${result?.state}`);
    const { latency } = result;
    const perOperationUs = (ms: number) => (ms * 1e3) / operations;
    return {
      name,
      operations,
      medianUs: perOperationUs(latency.p50),
      marginRatio: latency.rme / 100,
      iterations: latency.samplesCount,
      p99Us: latency.samplesCount < LEAST_FOR_P99 ? null : perOperationUs(latency.p99),
    };
  });
}
