// `fetch` from its options to its report: checks them, takes the run, opens sink, record and targets, and begins. The
// entry point of a fetch for command line and library; fetch-run.ts has the run itself.

import type { SpillwayError } from '../../model/errors.ts';
import type { FetchReport, FetchSnapshot } from '../../model/fetch-report.ts';
import type { Source } from '../../model/target.ts';
import { checkFetch } from './check-fetch.ts';
import { FetchTargetStream, type TargetStream } from './targets/fetch-target-stream.ts';
import type { FetchOptions } from './fetch-options.ts';
import { makeRunIdentity } from './run-identity.ts';
import { startFetchRun } from './fetch-run.ts';
import { closeSession, FIRST_SESSION, type OpenedSession, openSession } from './fetch-session.ts';
import { type FetchThreads, openFetchThreads } from './worker-group/fetch-threads.ts';
import { RetryTargetStream } from './targets/retry-target-stream.ts';
import { type RunRecord, recordPaths } from './record/run-record.ts';

export interface Fetch {
  readonly report: Promise<FetchReport>;
  /** Where bodies go, as shown to a person. */
  readonly shownOutput: string;
  /** Paths of the record; null for a run that keeps none. */
  readonly files: ReturnType<typeof recordPaths> | null;
  /** What a person calls the run, for `resume` and other commands; null without a record. */
  readonly run: string | null;
  /** True when an earlier session began the run. */
  readonly isContinued: boolean;
  snapshot(): FetchSnapshot;
  drain(): void;
  abort(): void;
  /** The error that broke the run, with its causes; null for a run that is not broken. */
  problem(): SpillwayError | null;
}

/** A caller's own sink leaves nothing from which a run could continue. */
const NO_RECORD: Omit<OpenedSession, 'sink'> = {
  record: null,
  recordDirectory: '',
  partial: null,
  partials: new Map(),
  shown: 'a sink of your own',
  name: null,
};

/**
 * Begins a fetch, or continues one that did not come to its end.
 * @throws SpillwayError ERR_OPTION with every problem found, one a line; ERR_RUN_LIVE, ERR_JOURNAL, ERR_SINK
 */
export function startFetch(options: FetchOptions): Fetch {
  using undo = new DisposableStack();
  const endThreads = ({ pool }: FetchThreads) => void pool[Symbol.asyncDispose]();
  if (options.threads !== undefined) undo.adopt(options.threads, endThreads);
  let record: RunRecord | null = null;
  const checked = checkFetch(options, () => record);
  const { request, sources, workerCount } = checked;
  const session = options.session ?? FIRST_SESSION;

  // Threads start before the run is taken, because both take about the same time.
  const { pool } = options.threads ?? undo.adopt(openFetchThreads(workerCount), endThreads);
  const opened =
    options.sink === undefined
      ? openSession(
          { ...options, software: options.request.userAgent, identity: makeRunIdentity(options) },
          session,
        )
      : { ...NO_RECORD, sink: options.sink };
  record = opened.record;
  const targetStream = openTargetStream(options, sources, record);
  const run = startFetchRun({
    ...options,
    targetStream,
    ...(record === null
      ? {}
      : {
          partials: opened.partials,
          onPartial: (index, partial) => record?.journal.keepPartial(index, partial),
        }),
    before: record?.before ?? null,
    targetsBefore: record?.targetsBefore ?? 0,
    request,
    sink: opened.sink,
    workerCount,
    pool,
    ...(record === null ? {} : { deathsOf: record.deathsOf }),
    onDeath: () => record?.noteDeaths(),
    onOutcomes: (outcomes, values) => {
      record?.add(outcomes, targetStream.hasLogins);
      options.onOutcomes?.(outcomes, values);
    },
  });
  undo.move();
  return {
    ...run,
    report: closeSession(run, opened, session.kind !== 'retry').finally(() => checked[Symbol.dispose]()),
    shownOutput: opened.shown,
    files: record === null ? null : recordPaths(opened.recordDirectory),
    run: opened.name,
    isContinued: record !== null && record.journal.isContinued && !record.journal.isBegunAnew,
  };
}

/** The targets that the run still has to fetch: from its sources, or the failed targets of its journal. */
function openTargetStream(
  options: FetchOptions,
  sources: readonly Source[],
  record: RunRecord | null,
): TargetStream {
  const { session } = options;
  if (record !== null && session?.kind === 'retry')
    return new RetryTargetStream(record, session.only, foreignTo(options.sources));
  return new FetchTargetStream({
    ...options,
    sources,
    comparesFirst: options.sources.every(({ kind }) => kind !== 'items'),
    ...(record === null ? {} : { before: record.settled }),
  });
}

/**
 * Tells whether a target's origin was not chosen by the caller. The journal does not say which source a target came
 * from, so in a run with a list API only the origins of the list and of the URLs that the caller typed are the
 * caller's.
 */
function foreignTo(sources: FetchOptions['sources']): (url: string) => boolean {
  if (!sources.some(({ kind }) => kind === 'list-api')) return () => false;
  const named = new Set(
    sources.flatMap((source) => {
      const text =
        source.kind === 'list-api' ? source.api.url : source.kind === 'template' ? source.template : '';
      return URL.parse(text)?.origin ?? [];
    }),
  );
  return (url) => !named.has(URL.parse(url)?.origin ?? '');
}
