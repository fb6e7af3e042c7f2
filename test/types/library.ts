// What the library's types promise: checked by the compiler, in the sources and in an installed package. Nothing here is
// run. An expectation that no longer holds is a type error.

import {
  type BenchOptions,
  type ComparisonOptions,
  compareStrategies,
  type Outcome,
  type Run,
  type RunOptions,
  type RunReport,
  type Sink,
  SpillwayError,
  startBench,
  startRun,
  startServer,
} from 'spillway';

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- two generic functions are assignable only when their conditions are the same type
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Does not compile unless `A` and `B` are the same type. */
function same<A, B>(...unlike: Same<A, B> extends true ? [] : [never]): void {
  void unlike;
}

/** The value of an ok outcome follows from where bodies go. */
export function values(): void {
  same<ReturnType<typeof memory>, Run<Uint8Array>>();
  function memory() {
    return startRun({ source: 'http://127.0.0.1/', to: 'memory' });
  }
  same<ReturnType<typeof directory>, Run<undefined>>();
  function directory() {
    return startRun({ source: 'http://127.0.0.1/', to: 'out' });
  }
  same<ReturnType<typeof own>, Run<{ readonly title: string }>>();
  function own() {
    return startRun<{ readonly title: string }>({ source: [], to: { module: './sink.js' } });
  }
}

/** An outcome is told apart by its kind. */
export function outcomes(outcome: Outcome<string>): string {
  same<Outcome['kind'], 'ok' | 'failed' | 'skipped'>();
  if (outcome.kind === 'ok') {
    same<typeof outcome.value, string>();
    same<typeof outcome.status, number>();
    // @ts-expect-error an answer that came has no failure code
    void outcome.code;
    return outcome.sha256;
  }
  // @ts-expect-error a body is there where the outcome is ok
  void outcome.value;
  if (outcome.kind === 'skipped') return outcome.reason;
  const code: 'dns' | 'http-status' | (string & {}) = outcome.code;
  // @ts-expect-error codes are a union: one that does not exist is found by the compiler
  if (outcome.code === 'no-such-code') return '';
  return code;
}

/** A run is iterated, awaited and disposed of. */
export async function runs(signal: AbortSignal): Promise<RunReport> {
  await using run = startRun({ source: (async function* () {})(), to: 'discard', signal });
  for await (const { index, kind } of run.outcomes) {
    same<typeof index, number>();
    same<typeof kind, 'ok' | 'failed' | 'skipped'>();
  }
  for await (const { boundBy } of run.snapshots) same<typeof boundBy, string>();
  same<ReturnType<typeof run.snapshot>['inFlight'], number>();
  run.drain();
  run.abort('enough');
  const report = await run.report;
  same<typeof report.ended, 'done' | 'stopped' | 'broken'>();
  same<typeof report.abortReason, string | null>();
  return report;
}

/** What may be asked for. */
export function options(): RunOptions[] {
  return [
    { source: 'http://127.0.0.1/{0..9}', to: 'memory' },
    { source: new Set([new URL('http://127.0.0.1/')]), to: 'out.warc.gz', order: 'in-order', maxUnread: 10 },
    {
      source: { file: 'urls.csv', field: 'link' },
      to: { module: new URL('file:///sink.js'), options: { a: 1 } },
    },
    { source: { listApi: { url: 'http://127.0.0.1/list', itemsPath: 'items' } }, to: 'discard' },
    // @ts-expect-error a source is needed
    { to: 'memory' },
    // @ts-expect-error and a place
    { source: [] },
    // @ts-expect-error names are checked
    { source: [], to: 'memory', maxInflight: 1 },
    // @ts-expect-error times are numbers of milliseconds
    { source: [], to: 'memory', deadlineMs: '1s' },
    // @ts-expect-error a source yields URLs
    { source: [1, 2], to: 'memory' },
  ];
}

/** A sink of one's own. */
export function sink(): Sink {
  return {
    begin: ({ url, status, headers }) => {
      same<typeof url, string>();
      same<typeof status, number>();
      same<(typeof headers)[number], readonly [name: string, value: string]>();
      let length = 0;
      return { write: (chunk) => (length += chunk.length), commit: () => length };
    },
  };
}

/** Benches and comparisons. */
export async function benches(): Promise<void> {
  const bench: BenchOptions = { trials: 100, strategy: 'pipelined', connections: 10 };
  await using round = startBench(bench);
  const { proof, wallMs } = await round.report;
  same<typeof proof.verdict, 'whole' | 'client-only' | 'partial' | 'broken'>();
  same<typeof wallMs, number>();
  // @ts-expect-error strategies have names
  startBench({ strategy: 'fastest' });
  const comparison: ComparisonOptions = {
    strategies: ['async', { name: 'mine', family: 'pipelined', connections: 50 }],
    onRound: ({ strategy }) => void strategy,
  };
  const { strategies } = await compareStrategies(comparison);
  same<(typeof strategies)[number]['figures']['wallMs']['median'], number>();
}

/** The mock server and errors. */
export async function others(): Promise<void> {
  await using server = await startServer({ delayMs: 0, items: 10 });
  same<typeof server.origins, readonly string[]>();
  const error = new SpillwayError('ERR_OPTION', 'expected …');
  same<typeof error.exitCode, number>();
  // @ts-expect-error codes are a union
  void new SpillwayError('ERR_NONE', '');
}
