// One session of a run, from opening to end: finds the output, takes the run for this process, brings what a killed
// session left back to what the journal knows, and releases everything at the end.

import { rmdirSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { SpillwayError } from '../../model/errors.ts';
import { type FetchReport, wasRefused } from '../../model/fetch-report.ts';
import type { FailedOutcome } from '../../model/outcome.ts';
import type { PartialBody } from '../../model/body/partial-body.ts';
import type { RunIdentity, RunSession, StoredCommand } from '../../model/run-journal.ts';
import type { AnySinkSpec } from '../../model/sink-spec.ts';
import {
  type KnownBody,
  recoverSink,
  sweepPartial,
  workersWithIntents,
} from '../../sinks/recover/recover-sink.ts';
import { isOwnFile, isPlainPath } from '../../files/own-files.ts';
import { openOutput, type FetchOutput, RECORD_DIRECTORY } from './record/fetch-output.ts';
import type { FetchRun } from './fetch-run.ts';
import { shownPath } from './record/find-run.ts';
import { hasJournal, type JournalReader } from './record/journal-reader.ts';
import { RunRecord } from './record/run-record.ts';
import { findUnfinishedRun } from './record/unfinished-run.ts';

/** How a session relates to an earlier one of the same run. */
export interface FetchSession {
  /** `retry` fetches failed targets again, and nothing else. */
  readonly kind: RunSession['kind'];
  /** Kept for `resume`. */
  readonly command: StoredCommand | null;
  /** Version of this program. */
  readonly version: string;
  /** Begin another run, even where a run with the same sources and options is unfinished. */
  readonly startsNew: boolean;
  /** The directory of the run to continue, when `to` names no output of its own; null to look for it. */
  readonly directory: string | null;
  /** Which failures a retry takes; null for all. */
  readonly only: ((failure: FailedOutcome) => boolean) | null;
}

export const FIRST_SESSION: FetchSession = {
  kind: 'fetch',
  command: null,
  version: '',
  startsNew: false,
  directory: null,
  only: null,
};

/** Where a fetch puts bodies, and what it records. */
export interface SessionOptions {
  readonly to: string | null;
  readonly nameTemplate: string | null;
  readonly segmentBytes: number;
  /** As of a directory's `SinkSpec`. @default false */
  readonly setsTimes?: boolean;
  readonly software: string;
  readonly identity: RunIdentity;
}

export interface OpenedSession {
  /** null where no record is kept. */
  readonly record: RunRecord | null;
  /** Directory of the record; '' without one. */
  readonly recordDirectory: string;
  readonly sink: AnySinkSpec;
  /** Where partial bodies wait; null where none do. */
  readonly partial: string | null;
  /** Bodies that earlier sessions began and that are still on disk, by target. */
  readonly partials: ReadonlyMap<number, PartialBody>;
  /** Where bodies go, as shown to a person. */
  readonly shown: string;
  /** What a person calls the run. */
  readonly name: string | null;
}

/**
 * Takes the run for this process; the record is the caller's to dispose of.
 * @throws SpillwayError ERR_OPTION, ERR_RUN_LIVE, ERR_JOURNAL, ERR_SINK
 */
export function openSession(options: SessionOptions, session: FetchSession): OpenedSession {
  const { to, identity } = options;
  const isAnywhere = to === null || to === 'discard';
  const found = session.directory ?? (isAnywhere && !session.startsNew ? findUnfinishedRun(identity) : null);
  const output = openOutput({ ...options, found }, new Date());
  if (session.startsNew && hasJournal(output.record)) {
    throw new SpillwayError(
      'ERR_OPTION',
      `--new: expected a place without a run in --to, found one in ${output.record}: choose another place or remove it`,
    );
  }
  const { kind, command, version } = session;
  using undo = new DisposableStack();
  const record = undo.use(
    new RunRecord({
      directory: output.record,
      identity,
      command,
      sink: output.sink.kind,
      kind,
      version,
      // Bodies that were stored but not recorded have names of the run that stored them.
      mayBeginAnew: output.partial === null || workersWithIntents(output.partial).length === 0,
    }),
  );
  const partials = record.journal.partials();
  const sink = goOnWith(output, record, partials);
  for (const [index, { file }] of partials) {
    if (output.partial !== null && isPlainPath(file) && isOwnFile(output.partial, file)) continue;
    partials.delete(index);
    record.journal.dropPartial(index);
  }
  const opened = {
    record,
    recordDirectory: output.record,
    sink,
    partials,
    partial: output.partial,
    shown: output.shown,
    name: shownPath(isAnywhere ? dirname(output.record) : to),
  };
  undo.move();
  return opened;
}

function goOnWith(
  { sink }: FetchOutput,
  { journal, reader }: RunRecord,
  partials: ReadonlyMap<number, PartialBody>,
): AnySinkSpec {
  // The journal must be on disk first, because recovery removes intents.
  if (journal.isContinued) journal.sync();
  return journal.isContinued ? recoverSink(sink, knownBodies(reader), filesOf(partials)) : sink;
}

function filesOf(partials: ReadonlyMap<number, PartialBody>): Set<string> {
  return new Set([...partials.values()].map(({ file }) => file));
}

function* knownBodies(reader: JournalReader): Generator<KnownBody> {
  for (const outcome of reader.outcomes()) if (outcome.kind === 'ok') yield outcome;
}

/** Ends the session when the run has ended. */
export async function closeSession(
  run: FetchRun,
  opened: OpenedSession,
  isWhole: boolean,
): Promise<FetchReport> {
  const final = await endSession(run, opened, isWhole);
  const { recordDirectory } = opened;
  if (wasRefused(final) && basename(recordDirectory) === RECORD_DIRECTORY)
    removeIfEmpty(dirname(recordDirectory));
  return final;
}

/** Does everything that needs the run's lock, and then releases the run. */
async function endSession(
  run: FetchRun,
  { record, partial }: OpenedSession,
  isWhole: boolean,
): Promise<FetchReport> {
  using _record = record;
  const report = await run.report;
  const final = record === null ? report : record.finish(report, isWhole);
  // A broken session may have left bodies that the journal does not know: the next session needs the intents.
  const isSettled = final.ended !== 'broken' || wasRefused(final);
  if (partial === null || !isSettled) return final;
  record?.journal.sync();
  clearPartial(partial, record);
  return final;
}

/** Keeps the bodies that another session can continue; mostly there is none, and the directory is removed. */
function clearPartial(partial: string, record: RunRecord | null): void {
  const kept = filesOf(record?.journal.partials() ?? new Map());
  const isKept = kept.size > 0 && sweepPartial(partial, kept).size > 0;
  if (!isKept) rmSync(partial, { recursive: true, force: true });
}

/** Removes the directory for bodies of a run that was refused. */
function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // The directory holds something.
  }
}
