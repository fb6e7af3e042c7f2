// `fetch` from its options to its report: everything that can be wrong is found before a byte is sent, then sources,
// sink and record are opened and the run begins. The public door of a fetch; fetch-run has the run itself.

import { readFileSync } from 'node:fs';
import { SpillwayError } from '../../model/errors.ts';
import type { FetchReport, FetchSnapshot } from '../../model/fetch-report.ts';
import type { FetchRequestOptions } from '../../model/fetch-task.ts';
import { withoutLogins } from '../../model/shown-url.ts';
import { FetchTargetStream } from './targets/fetch-target-stream.ts';
import type { FetchOptions } from './fetch-options.ts';
import { makeRunIdentity } from './run-identity.ts';
import { checkFiles } from '../check-files.ts';
import { checkPlace, packingOf } from './record/fetch-place.ts';
import { startFetchRun } from './fetch-run.ts';
import { closeSession, FIRST_SESSION, type OpenedSession, openSession } from './fetch-session.ts';
import { openSource } from './targets/fetch-sources.ts';
import { countWorkers, type FetchThreads, openFetchThreads } from './worker-group/fetch-threads.ts';
import { parseNetrc } from './netrc.ts';
import { pageLog } from './targets/page-log.ts';
import { makeRequestPage } from './targets/page-requests.ts';
import { RetryTargetStream } from './targets/retry-target-stream.ts';
import { type RunRecord, recordPaths } from './record/run-record.ts';

export interface Fetch {
  readonly report: Promise<FetchReport>;
  /** Where bodies go, for a person. */
  readonly shownPlace: string;
  /** The record; null where none was asked for. */
  readonly files: ReturnType<typeof recordPaths> | null;
  /** What a person calls the run, for `resume` and others; null without a record. */
  readonly run: string | null;
  /** True when an earlier session has begun the run. */
  readonly isContinued: boolean;
  snapshot(): FetchSnapshot;
  drain(): void;
  abort(): void;
}

/** A sink of the caller's own leaves nothing behind that a run could go on from. */
const NO_RECORD: Omit<OpenedSession, 'sink'> = {
  record: null,
  recordDirectory: '',
  partial: null,
  shown: 'a sink of your own',
  name: null,
};

/** Begins a fetch, or goes on with one that did not come to its end. @throws SpillwayError ERR_OPTION with every problem found, one a line; ERR_RUN_LIVE, ERR_JOURNAL, ERR_SINK */
export function startFetch(options: FetchOptions): Fetch {
  using undo = new DisposableStack();
  const endThreads = ({ pool }: FetchThreads) => void pool[Symbol.asyncDispose]();
  if (options.threads !== undefined) undo.adopt(options.threads, endThreads);
  const problems: string[] = [];
  const collect = <Result>(make: () => Result): Result | undefined => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof SpillwayError) || error.code !== 'ERR_OPTION') throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const { to } = options;
  const request: FetchRequestOptions = {
    ...options.request,
    bytes: options.bytes ?? (packingOf(to ?? '')?.kind === 'warc' ? 'original' : 'decoded'),
    logins:
      collect(() => (options.netrcFile === null ? [] : parseNetrc(readText('--netrc', options.netrcFile)))) ??
      [],
    ca: collect(() => (options.caFile === null ? null : readText('--ca', options.caFile))) ?? null,
  };
  const requestPage = makeRequestPage(request, options.limits);
  const session = options.session ?? FIRST_SESSION;
  let record: RunRecord | null = null;
  // A retry has its targets from the journal: its sources may be gone.
  const wanted = session.kind === 'retry' ? [] : options.sources;
  const sources = wanted.flatMap((source, at) => {
    const pages = pageLog(() => record, at);
    return collect(() => openSource(source, requestPage, pages)) ?? [];
  });
  if (options.sources.length === 0)
    problems.push('source: expected a URL, a list, - or --list-api, found none');
  problems.push(...checkPlace({ to: to ?? '', nameTemplate: options.nameTemplate }));
  const workerCount = countWorkers(options);
  problems.push(...checkFiles(workerCount));
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));

  // Before the run is taken, which takes as long as they do to stand.
  const { pool } = options.threads ?? undo.adopt(openFetchThreads(workerCount), endThreads);
  const opened =
    options.sink === undefined
      ? openSession(
          { ...options, software: options.request.userAgent, identity: makeRunIdentity(options) },
          session,
        )
      : { ...NO_RECORD, sink: options.sink };
  record = opened.record;
  const targetStream =
    record !== null && session.kind === 'retry'
      ? new RetryTargetStream(record, session.only)
      : new FetchTargetStream({
          ...options,
          sources,
          comparesFirst: options.sources.every(({ kind }) => kind !== 'items'),
          ...(record === null ? {} : { before: record.settled }),
        });
  const run = startFetchRun({
    ...options,
    targetStream,
    before: record?.before ?? null,
    targetsBefore: record?.targetsBefore ?? 0,
    request,
    sink: opened.sink,
    workerCount,
    pool,
    onOutcomes: (outcomes, values) => {
      record?.add(outcomes, targetStream.hasLogins);
      options.onOutcomes?.(outcomes, values);
    },
  });
  undo.move();
  return {
    ...run,
    report: closeSession(run, opened, session.kind !== 'retry').finally(() => requestPage[Symbol.dispose]()),
    shownPlace: opened.shown,
    files: record === null ? null : recordPaths(opened.recordDirectory),
    run: opened.name,
    isContinued: record !== null && record.journal.isContinued && !record.journal.isBegunAnew,
  };
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SpillwayError(
      'ERR_OPTION',
      `${option}: expected a readable file, found ${withoutLogins((error as Error).message)}`,
    );
  }
}
