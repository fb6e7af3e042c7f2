// Reads the state of a run from its journal, while it is active or long after; changes nothing.

import { setTimeout as wait } from 'node:timers/promises';
import { nowMs } from '../../../measure/clock.ts';
import type { RunStatus } from '../../../model/run-journal.ts';
import { type FoundRun, shownPath } from './find-run.ts';
import { JournalReader } from './journal-reader.ts';
import { isRunLive } from './run-lock.ts';

const RATE_WINDOW_MS = 1_000;

/** @throws SpillwayError ERR_JOURNAL when the journal is damaged */
export async function readRunStatus(run: FoundRun): Promise<RunStatus> {
  using reader = new JournalReader(run.record);
  const perSec = isRunLive(run.record) ? await measureRate(reader) : null;
  // The run may have ended meanwhile.
  const isLive = isRunLive(run.record);
  const { state, targetCount, createdAt } = reader.meta();
  const sessions = reader.sessions();
  const last = sessions.at(-1);
  return {
    run: shownPath(run.output),
    state: state === 'running' && !isLive ? 'killed' : state,
    pid: isLive ? (last?.pid ?? null) : null,
    host: isLive ? (last?.host ?? null) : null,
    targets: targetCount,
    counts: reader.counts(),
    statuses: reader.statuses(),
    settledUpTo: reader.settledUpTo(),
    pages: reader.pageCount(),
    perSec: isLive ? perSec : null,
    createdAt,
    sessions,
  };
}

async function measureRate(reader: JournalReader): Promise<number> {
  const before = reader.counts().settled;
  const startMs = nowMs();
  await wait(RATE_WINDOW_MS);
  return ((reader.counts().settled - before) * 1000) / (nowMs() - startMs);
}
