// The small tables of a journal: what the run is, which sessions worked on it, and the count of outcomes of each
// class.

import type { DatabaseSync } from 'node:sqlite';
import type { FailureCode } from '../../../model/errors.ts';
import type { SkipReason } from '../../../model/outcome.ts';
import type { JournalCounts, JournalMeta, RunSession, StoredCommand } from '../../../model/run-journal.ts';
import type { PartialBody } from '../../../model/body/partial-body.ts';
import { isTempName } from '../../../sinks/recover/recover-sink.ts';
import { PACKED_KINDS } from '../../../model/sink-spec.ts';
import { oneLine } from '../../../model/one-line.ts';
import { isClass, RowProblem } from './check-record.ts';
import { isFailure, type OutcomeClass } from './journal-format.ts';

/** Names that differ in the file, which keeps the names of its first format. */
const STORED_NAMES: Readonly<Record<string, string>> = { identity: 'fingerprint' };
const NAMES = Object.fromEntries(Object.entries(STORED_NAMES).map(([name, stored]) => [stored, name]));

export function writeMeta(db: DatabaseSync, meta: Partial<JournalMeta>): void {
  const statement = db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  for (const [name, value] of Object.entries(meta))
    statement.run(
      STORED_NAMES[name] ?? name,
      JSON.stringify(name === 'command' ? storedCommand(meta) : value),
    );
}

export function readMeta(db: DatabaseSync): JournalMeta {
  const rows = db.prepare('SELECT name, value FROM meta').all();
  const entries = rows.map(({ name, value }) => [
    NAMES[name as string] ?? (name as string),
    JSON.parse(value as string) as unknown,
  ]);
  return checkMeta(Object.fromEntries(entries));
}

/** @throws RowProblem for notes that a run would not write */
function checkMeta(meta: Record<string, unknown>): JournalMeta {
  const { identity, command, state, sink, targetCount, createdAt } = meta;
  const isRight =
    isTexts(identity) &&
    (command === null || isCommand(command)) &&
    STATES.has(state) &&
    SINKS.has(sink) &&
    (targetCount === null || (Number.isSafeInteger(targetCount) && (targetCount as number) >= 0)) &&
    typeof createdAt === 'string' &&
    createdAt === oneLine(createdAt);
  if (!isRight) throw new RowProblem('its notes on the run are not what a run writes');
  return { ...meta, command: command === null ? null : readCommand(command) } as unknown as JournalMeta;
}

/** A command as a journal has it: its sources are called `places` there. */
type CommandRow = Omit<StoredCommand, 'sources'> & { readonly places: readonly string[] };

function storedCommand({ command }: Partial<JournalMeta>): CommandRow | null {
  if (command === null || command === undefined) return null;
  const { sources, ...rest } = command;
  return { places: sources, ...rest };
}

function readCommand({ places, ...rest }: CommandRow): StoredCommand {
  return { sources: places, ...rest };
}

const STATES = new Set<unknown>(['running', 'stopped', 'broken', 'done']);
const SINKS = new Set<unknown>(['directory', 'discard', ...PACKED_KINDS]);

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
}

function isCommand(value: unknown): value is CommandRow {
  if (!isRecord(value)) return false;
  const { places, given, withheld } = value;
  const areTexts = (list: unknown) => Array.isArray(list) && list.every((text) => typeof text === 'string');
  return areTexts(places) && isTexts(given) && areTexts(withheld);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The form in the journal, where `resource` is called `place`. */
type StoredPartial = Omit<PartialBody, 'resource'> & { readonly place: string };

export function partialAsStored({ resource, ...rest }: PartialBody): string {
  return JSON.stringify({ place: resource, ...rest } satisfies StoredPartial);
}

/** Bodies that were begun and are not whole, by target; skips a row that does not name a file of the run. */
export function readPartials(db: DatabaseSync): Map<number, PartialBody> {
  const rows = db.prepare('SELECT idx, contents FROM partials').all();
  const found = new Map<number, PartialBody>();
  for (const { idx, contents } of rows) {
    const { place, ...rest } = JSON.parse(contents as string) as StoredPartial;
    if (isTempName(rest.file)) found.set(idx as number, { resource: place, ...rest });
  }
  return found;
}

export function readSessions(db: DatabaseSync): RunSession[] {
  const rows = db.prepare('SELECT * FROM sessions ORDER BY number').all();
  return rows.map((row) => ({
    number: Number(row['number']),
    kind: shown(row['kind']) as RunSession['kind'],
    pid: Number(row['pid']),
    host: shown(row['host']),
    version: shown(row['version']),
    startedAt: shown(row['started_at']),
    endedAt: row['ended_at'] === null ? null : shown(row['ended_at']),
    ended: shown(row['ended']) as RunSession['ended'],
    settledBefore: Number(row['settled_before']),
  }));
}

/** Escapes for a terminal, whoever wrote the value. */
function shown(value: unknown): string {
  return oneLine(String(value).slice(0, 200));
}

/** The index after the highest that is settled; 0 without any. Indexes below it may be unsettled. */
export function readNextIndex(db: DatabaseSync): number {
  const row = db.prepare('SELECT max(idx) AS top FROM outcomes').get();
  return ((row?.['top'] as number | null) ?? -1) + 1;
}

export function readCounts(db: DatabaseSync): JournalCounts {
  const counts = {
    settled: 0,
    ok: 0,
    failed: 0,
    skipped: 0,
    bytes: 0,
    storedBytes: 0,
    renamed: 0,
    failures: {} as Partial<Record<FailureCode, number>>,
    skips: {} as Partial<Record<SkipReason, number>>,
  };
  for (const row of db.prepare('SELECT * FROM tally WHERE count > 0').all()) {
    const name = row['class'] as OutcomeClass;
    const count = row['count'] as number;
    const numbers = [count, row['bytes'], row['stored_bytes'], row['renamed']];
    if (!numbers.every(Number.isSafeInteger) || !isClass(name))
      throw new RowProblem('its counts are not what a run writes');
    counts.settled += count;
    counts.bytes += row['bytes'] as number;
    counts.storedBytes += row['stored_bytes'] as number;
    counts.renamed += row['renamed'] as number;
    if (name === 'ok') {
      counts.ok += count;
    } else if (isFailure(name)) {
      counts.failed += count;
      counts.failures[name] = count;
    } else {
      counts.skipped += count;
      counts.skips[name] = count;
    }
  }
  return counts;
}
