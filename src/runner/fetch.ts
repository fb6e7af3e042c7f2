// `fetch` from its options to its report: everything that can be wrong is found before a byte is sent, then sources,
// sink and record are opened and the run begins. The public door of a fetch; fetch-run has the run itself.

import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { SpillwayError } from '../model/errors.ts';
import type { FetchReport, FetchSnapshot } from '../model/fetch-report.ts';
import type { FetchBudgets, FetchLimits, FetchRequestOptions } from '../model/fetch-task.ts';
import type { Outcome } from '../model/outcome.ts';
import type { DiscardSpec, MemorySpec, ModuleSpec } from '../model/sink-spec.ts';
import { checkPlace, openPlace } from './fetch-place.ts';
import { type FetchRun, startFetchRun } from './fetch-run.ts';
import { openSource, type SourceOptions } from './fetch-sources.ts';
import { parseNetrc } from './netrc.ts';
import { makeRequestPage } from './page-requests.ts';
import { RunRecord, recordPaths } from './run-record.ts';

export interface FetchOptions {
  /** In this order; one run over all of them. */
  readonly sources: readonly SourceOptions[];
  /** @default `results/<timestamp>` */
  readonly to: string | null;
  readonly nameTemplate: string | null;
  /** null: decoded, but original in a WARC. */
  readonly bytes: FetchRequestOptions['bytes'] | null;
  readonly segmentBytes: number;
  readonly request: Omit<FetchRequestOptions, 'bytes' | 'logins' | 'ca'>;
  readonly netrcFile: string | null;
  readonly caFile: string | null;
  readonly limits: FetchLimits;
  readonly budgets: FetchBudgets;
  readonly maxInFlight: number;
  /** Worker threads; null for one a core. */
  readonly cores: number | null;
  readonly isStrict: boolean;
  readonly isDeduping: boolean;
  readonly maxRemembered: number;
  /** Takes the bodies instead of what `to` names; such a run leaves no record. */
  readonly sink?: ModuleSpec | MemorySpec | DiscardSpec;
  /** Gets outcomes as they are recorded, and what the sink made of their bodies. */
  readonly onOutcomes?: (outcomes: readonly Outcome[], values?: readonly unknown[]) => void;
  /** As in fetch-run: how many of the next targets may go to the workers. */
  readonly admit?: (count: number, signal: AbortSignal) => number | Promise<number>;
}

export interface Fetch {
  readonly report: Promise<FetchReport>;
  /** Where bodies go, for a person. */
  readonly shownPlace: string;
  /** The record; null where none was asked for. */
  readonly files: ReturnType<typeof recordPaths> | null;
  snapshot(): FetchSnapshot;
  drain(): void;
  abort(): void;
}

/** Begins a fetch. @throws SpillwayError ERR_OPTION with every problem found, one a line; ERR_SINK */
export function startFetch(options: FetchOptions): Fetch {
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
  const now = new Date();
  const { to } = options;
  const request: FetchRequestOptions = {
    ...options.request,
    bytes: options.bytes ?? (/\.warc(?:\.gz)?$/iu.test(to ?? '') ? 'original' : 'decoded'),
    logins:
      collect(() => (options.netrcFile === null ? [] : parseNetrc(readText('--netrc', options.netrcFile)))) ??
      [],
    ca: collect(() => (options.caFile === null ? null : readText('--ca', options.caFile))) ?? null,
  };
  const requestPage = makeRequestPage(request, options.limits);
  const sources = options.sources.flatMap((source) => collect(() => openSource(source, requestPage)) ?? []);
  if (options.sources.length === 0)
    problems.push('source: expected a URL, a list, - or --list-api, found none');
  problems.push(...checkPlace({ to: to ?? '', nameTemplate: options.nameTemplate }));
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));

  const software = options.request.userAgent;
  const place =
    options.sink === undefined
      ? openPlace(
          { to, nameTemplate: options.nameTemplate, segmentBytes: options.segmentBytes, software },
          now,
        )
      : { sink: options.sink, record: null, partial: null, shown: 'a sink of your own' };
  const record = place.record === null ? null : new RunRecord(place.record);
  const run = startFetchRun({
    ...options,
    sources,
    request,
    sink: place.sink,
    workerCount: Math.min(options.cores ?? availableParallelism(), options.maxInFlight),
    onOutcomes: (outcomes, values) => {
      record?.add(outcomes);
      options.onOutcomes?.(outcomes, values);
    },
  });
  return {
    ...run,
    report: finish(run, record, { requestPage, partial: place.partial }),
    shownPlace: place.shown,
    files: place.record === null ? null : recordPaths(place.record),
  };
}

async function finish(
  run: FetchRun,
  record: RunRecord | null,
  { requestPage, partial }: { requestPage: Disposable; partial: string | null },
): Promise<FetchReport> {
  using _record = record;
  using _connections = requestPage;
  const report = await run.report;
  if (partial !== null) rmSync(partial, { recursive: true, force: true });
  record?.finish(report);
  return report;
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SpillwayError(
      'ERR_OPTION',
      `${option}: expected a readable file, found ${(error as Error).message}`,
    );
  }
}
