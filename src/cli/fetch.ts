// `spillway fetch`: a real list, from wherever it is to wherever its bodies shall be, and the account of it.

import { Command } from 'commander';
import type { FetchReport } from '../model/fetch-report.ts';
import { fetchAccountLines } from '../report/fetch-text.ts';
import { type Fetch, startFetch } from '../runner/fetch.ts';
import { FETCH_OPTIONS } from './fetch-options.ts';
import { toFetchOptions } from './fetch-request.ts';
import { InterruptWatch } from './interrupt.ts';
import { addOptions, readOptions, type ValuesOf } from './options.ts';

const INTERRUPTED = 130;
const BROKEN = 4;
const SOME_FAILED = 1;

export function makeFetchCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('fetch')
    .argument(
      '[source...]',
      "URL, template such as 'http://host/{0..9999}', list file, or - for standard input",
    )
    .action(async (places: string[], given: Record<string, unknown>) => {
      finish(await fetchAll(readOptions(FETCH_OPTIONS, given), places));
    });
  return addOptions(command, FETCH_OPTIONS);
}

async function fetchAll(values: ValuesOf<typeof FETCH_OPTIONS>, places: readonly string[]): Promise<number> {
  const fetch = startFetch(toFetchOptions(values, places));
  if (values.insecure) {
    process.stderr.write(
      'WARNING: --insecure: certificates are not checked; anybody on the way can read and change everything\n',
    );
  }
  using interrupt = new InterruptWatch(fetch);
  const report = await watch(fetch, values.quiet);
  // Whoever feeds it may not have ended; an open standard input would keep the program alive.
  if (places.includes('-')) process.stdin.destroy();
  print(report, fetch, values);
  if (interrupt.wasInterrupted) return INTERRUPTED;
  if (report.ended === 'broken') return BROKEN;
  return report.failed > 0 ? SOME_FAILED : 0;
}

async function watch(fetch: Fetch, isQuiet: boolean): Promise<FetchReport> {
  if (isQuiet) return fetch.report;
  const { FetchView } = await import('./fetch-view.ts');
  using _view = new FetchView(() => fetch.snapshot());
  return await fetch.report;
}

function print(report: FetchReport, fetch: Fetch, values: ValuesOf<typeof FETCH_OPTIONS>): void {
  const text = fetchAccountLines(report, { bodies: fetch.shownPlace, failures: fetch.files?.failures ?? '' }).join(
    '\n',
  );
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  if (values.quiet) {
    if (report.ended !== 'done' || report.failed > 0) process.stderr.write(`${text}\n`);
  } else {
    (values.json ? process.stderr : process.stdout).write(`${text}\n`);
  }
}
