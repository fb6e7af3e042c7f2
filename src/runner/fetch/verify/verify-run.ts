// The audit of one run: looks up the body of every target in the journal, reads every body again, and names what the
// journal does not know.

import { basename } from 'node:path';
import type { OkOutcome, Outcome } from '../../../model/outcome.ts';
import type { FoundRun } from '../record/find-run.ts';
import { JournalReader } from '../record/journal-reader.ts';
import { isRunLive } from '../record/run-lock.ts';
import type { VerifyAudit } from './verify-audit.ts';
import { checkFile, findStrangers } from './verify-files.ts';
import { checkSegments } from './verify-segments.ts';
import type { VerifyTable } from './verify-table.ts';

/** @throws SpillwayError ERR_JOURNAL when the journal is damaged */
export async function verifyRun(run: FoundRun, audit: VerifyAudit, table: VerifyTable): Promise<void> {
  using reader = new JournalReader(run.record);
  const { sink, state, targetCount } = reader.meta();
  table.clearLocations();
  let settledCount = 0;
  for (const outcome of reader.outcomes()) {
    settledCount++;
    if (outcome.kind === 'ok') await checkOk(outcome, { run, sink, audit, table });
    else note(outcome, audit);
  }
  if (sink === 'directory') await findStrangers(run.root, audit, table);
  else if (sink !== 'discard') await checkSegments(run.output, sink, audit, table);
  audit.expected += Math.max(targetCount ?? 0, settledCount);
  const name = basename(run.output);
  if (isRunLive(run.record)) {
    audit.blame('gap', name, 'a process is still at work at the run');
  } else if (targetCount === null || state !== 'done') {
    audit.blame('gap', name, `the run has not come to its end (${state}): resume it`);
  }
  if (targetCount !== null && targetCount > settledCount) {
    const missing = targetCount - settledCount;
    audit.blame('gap', name, `${missing} of ${targetCount} targets have no outcome`, missing);
  }
}

interface RunParts {
  readonly run: FoundRun;
  readonly sink: string;
  readonly audit: VerifyAudit;
  readonly table: VerifyTable;
}

async function checkOk(outcome: OkOutcome, { run, sink, audit, table }: RunParts): Promise<void> {
  const { index, url, bytes, sha256, stored } = outcome;
  if (sink === 'discard') {
    audit.isReadBack = false;
    audit.approve(url, bytes, sha256);
    return;
  }
  const { path, offsetBytes, storedBytes } = stored;
  const finalUrl = outcome.finalUrl ?? url;
  if (!table.addLocation({ path, offsetBytes, storedBytes, bytes, sha256, index, url, finalUrl })) {
    audit.blame('double', path, `target ${index} is recorded where another one is (${url})`);
  } else if (sink === 'directory') {
    await checkFile(run.root, outcome, audit);
  }
}

function note(outcome: Exclude<Outcome, OkOutcome>, audit: VerifyAudit): void {
  if (outcome.kind === 'failed') {
    audit.failed++;
    audit.blame('failed', outcome.url, `${outcome.code}: ${outcome.detail}`);
  } else if (outcome.reason === 'stopped') {
    audit.blame('gap', outcome.url, 'the run ended before it');
  } else {
    audit.skip(outcome.reason);
  }
}
