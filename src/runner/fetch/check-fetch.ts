// Finds everything that can be wrong with a fetch before a byte is sent, and opens its sources. Does not take the
// run and makes no file.

import { readFileSync } from 'node:fs';
import { SpillwayError } from '../../model/errors.ts';
import type { FetchRequestOptions } from '../../model/fetch-task.ts';
import { withoutLogins } from '../../model/shown-url.ts';
import type { Source } from '../../model/target.ts';
import { checkFiles } from '../check-files.ts';
import type { FetchOptions } from './fetch-options.ts';
import { parseNetrc } from './netrc.ts';
import { checkOutput, packingOf } from './record/fetch-output.ts';
import type { RunRecord } from './record/run-record.ts';
import { openSource } from './targets/fetch-sources.ts';
import { pageLog } from './targets/page-log.ts';
import { makeRequestPage } from './targets/page-requests.ts';
import { countWorkers } from './worker-group/fetch-threads.ts';

export interface CheckedFetch {
  readonly request: FetchRequestOptions;
  /** Empty for a retry, which has its targets from the journal: its sources may be gone. */
  readonly sources: readonly Source[];
  readonly workerCount: number;
  /** Closes the client that requests the pages of a list API. */
  readonly [Symbol.dispose]: () => void;
}

/**
 * @param record of the run, null until it is open: keeps the pages of a list API
 * @throws SpillwayError ERR_OPTION with every problem found, one a line
 */
export function checkFetch(options: FetchOptions, record: () => RunRecord | null): CheckedFetch {
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
  const { to, netrcFile, caFile } = options;
  const request: FetchRequestOptions = {
    ...options.request,
    bytes: options.bytes ?? (packingOf(to ?? '')?.kind === 'warc' ? 'original' : 'decoded'),
    logins: collect(() => (netrcFile === null ? [] : parseNetrc(readText('--netrc', netrcFile)))) ?? [],
    ca: collect(() => (caFile === null ? null : readText('--ca', caFile))) ?? null,
  };
  const requestPage = makeRequestPage(request, options.limits);
  const wanted = options.session?.kind === 'retry' ? [] : options.sources;
  const sources = wanted.flatMap(
    (source, at) => collect(() => openSource(source, requestPage, pageLog(record, at))) ?? [],
  );
  if (options.sources.length === 0)
    problems.push('source: expected a URL, a list, - or --list-api, found none');
  problems.push(...checkOutput({ ...options, to: to ?? '' }));
  const workerCount = countWorkers(options);
  problems.push(...checkFiles(workerCount));
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
  return { request, sources, workerCount, [Symbol.dispose]: () => requestPage[Symbol.dispose]() };
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
