// `spillway fetch`: fetches the URLs of a list, stores their bodies, and prints the account.

import { Command } from 'commander';
import { type FetchReport, type FetchSnapshot, wasRefused } from '../../model/fetch-report.ts';
import { fetchLiveText, fetchPlainText } from '../../report/live/fetch-progress-text.ts';
import { fetchAccountLines } from '../../report/fetch-text.ts';
import { COMMAND_NAMES } from '../../runner/fetch/bound-names.ts';
import type { Fetch } from '../../runner/fetch/fetch.ts';
import type { FetchSession } from '../../runner/fetch/fetch-session.ts';
import { openThreadsAhead } from '../../runner/fetch/worker-group/fetch-threads.ts';
import { type ErrorCode, ERRORS, SpillwayError } from '../../model/errors.ts';
import { PROGRAM_VERSION } from '../../version.ts';
import { printable } from '../../report/printable.ts';
import { FETCH_OPTIONS } from './fetch-options.ts';
import { toFetchOptions } from './fetch-request.ts';
import { keepHeapFlat } from './flat-heap.ts';
import { InterruptWatch } from '../interrupt.ts';
import { addOptions, readOptions, type ValuesOf } from '../options.ts';
import { storeCommand } from './stored-command.ts';

const SOME_FAILED = 1;

export function makeFetchCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('fetch')
    .argument(
      '[source...]',
      "URL, template such as 'http://host/{0..9999}', list file, or - for standard input",
    )
    .action(async (sources: string[], given: Record<string, unknown>) => {
      finish(await fetchAll(sources, given, { kind: 'fetch', directory: null, only: null }));
    });
  return addOptions(command, FETCH_OPTIONS);
}

/**
 * Runs one session of a fetch, resume or retry, from its command line to its account.
 * @param given values by option, as typed
 * @returns the exit code
 */
export async function fetchAll(
  sources: readonly string[],
  given: Readonly<Record<string, unknown>>,
  how: Pick<FetchSession, 'kind' | 'directory' | 'only'>,
): Promise<number> {
  const values = readOptions(FETCH_OPTIONS, given);
  const session: FetchSession = {
    ...how,
    // A retry reads no source, so its command is not one that a resume could go on with.
    command: how.kind === 'retry' ? null : storeCommand(sources, given),
    version: PROGRAM_VERSION,
    startsNew: values.new,
  };
  const options = toFetchOptions(values, sources);
  // Set before threads start, because it holds for their heaps, too.
  keepHeapFlat();
  // Threads start while the rest of the program is loaded, and end with the fetch.
  const threads = openThreadsAhead(options);
  const { startFetch } = await import('../../runner/fetch/fetch.ts');
  const fetch = startFetch({
    ...options,
    names: COMMAND_NAMES,
    session,
    ...(threads === null ? {} : { threads }),
  });
  if (values.insecure) {
    process.stderr.write(
      'WARNING: --insecure: certificates are not checked; anybody on the way can read and change everything\n',
    );
  }
  if (fetch.isContinued && how.kind === 'fetch' && !values.quiet) {
    process.stderr.write(`going on with the run in ${printable(fetch.run ?? '')}; --new begins another\n`);
  }
  using interrupt = new InterruptWatch(fetch, values.drainTimeout);
  const report = await watch(fetch, values.quiet);
  // The process that writes to standard input may not have ended; an open input would keep the program alive.
  if (sources.includes('-')) process.stdin.destroy();
  // The list turned out to be another one while it was read again: misuse like any other, without an account.
  if (wasRefused(report)) throw new SpillwayError('ERR_OPTION', report.problem ?? '');
  print(report, fetch, values);
  if (interrupt.wasInterrupted) return ERRORS.ERR_INTERRUPTED.exitCode;
  if (report.ended === 'broken') return ERRORS[brokenBy(report)].exitCode;
  return report.failed > 0 ? SOME_FAILED : 0;
}

/** Misuse that was found after the first request breaks the run: exit code 2 means that nothing was started. */
function brokenBy({ problemCode }: FetchReport): ErrorCode {
  return problemCode === 'ERR_OPTION' ? 'ERR_RUN_BROKEN' : (problemCode ?? 'ERR_BUG');
}

async function watch(fetch: Fetch, isQuiet: boolean): Promise<FetchReport> {
  if (isQuiet) return fetch.report;
  const { LiveText } = await import('../live-text.ts');
  using text = await LiveText.open<FetchSnapshot>({
    live: (snapshot, columns) =>
      fetchLiveText(snapshot, { columns, rows: process.stderr.rows, hasColour: process.stderr.hasColors() }),
    plain: fetchPlainText,
  });
  text.follow(() => fetch.snapshot());
  return await fetch.report;
}

function print(report: FetchReport, fetch: Fetch, values: ValuesOf<typeof FETCH_OPTIONS>): void {
  const { shownOutput: bodies, files, run } = fetch;
  const text = fetchAccountLines(report, { bodies, failures: files?.failures ?? '', run }).join('\n');
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  if (values.quiet) {
    if (report.ended !== 'done' || report.failed > 0) process.stderr.write(`${text}\n`);
  } else {
    (values.json ? process.stderr : process.stdout).write(`${text}\n`);
  }
}
