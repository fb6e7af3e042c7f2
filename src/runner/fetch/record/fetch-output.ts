// Turns `--to` into a sink and a directory for the run's record: a directory, a packed file by its ending, or nowhere.

import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SpillwayError } from '../../../model/errors.ts';
import { parseNameTemplate } from '../../../model/name-template.ts';
import { withoutLogins } from '../../../model/shown-url.ts';
import { NAME_CLAIMS_BYTES, type PackedSpec, type SinkSpec } from '../../../model/sink-spec.ts';
import { makeDirectory } from '../../../files/make-directory.ts';
import { parseSegmentName } from '../../../sinks/recover/recover-sink.ts';
import { checkRecord } from './check-record.ts';
import { hasJournal } from './journal-reader.ts';

/** Where runs go when no output is given. */
export const RESULTS = 'results';
const FILES_PER_DIRECTORY = 10_000;
const PACKED = /\.(?<kind>ndjson|jsonl|warc|tar)(?:\.(?<packing>gz|zst))?$/iu;
/** Below a directory of bodies; a packed file has its record beside it, under its own name and this ending. */
export const RECORD_DIRECTORY = '.spillway';
export const PACKED_RECORD_ENDING = '.run';

export interface OutputOptions {
  /** A directory, a file ending in .ndjson, .warc or .tar (and .gz or .zst), or `discard`; null for `results/<time>`. */
  readonly to: string | null;
  readonly nameTemplate: string | null;
  readonly segmentBytes: number;
  /** As of a directory's `SinkSpec`. @default false */
  readonly setsTimes?: boolean;
  readonly software: string;
  /** The directory of an earlier session, if `to` names no output of its own; null to make `results/<time>`. */
  readonly found: string | null;
}

export interface FetchOutput {
  readonly sink: SinkSpec;
  /** Where the run's record goes. */
  readonly record: string;
  /** Where partial bodies wait, removed at the end; null where none do. */
  readonly partial: string | null;
  /** The output as shown to a person. */
  readonly shown: string;
}

/** `.warc.gz` and the like, lower-case; null for a name that is not that of a packed file. */
export function packedEnding(path: string): string | null {
  return PACKED.exec(path)?.[0].toLowerCase() ?? null;
}

/** The kind and compression of a packed file, by its name; null for any other name. */
export function packingOf(path: string): Pick<PackedSpec, 'kind' | 'compression'> | null {
  const groups = PACKED.exec(path)?.groups;
  if (groups === undefined) return null;
  const kind = groups['kind']?.toLowerCase();
  const packing = groups['packing']?.toLowerCase();
  return {
    kind: kind === 'jsonl' ? 'ndjson' : (kind as PackedSpec['kind']),
    compression: packing === 'gz' ? 'gzip' : packing === 'zst' ? 'zstd' : 'none',
  };
}

/** Problems of the options, each with what to do; empty when there are none. */
export function checkOutput({
  to,
  nameTemplate,
  setsTimes = false,
}: {
  readonly to: string;
  readonly nameTemplate: string | null;
  readonly setsTimes?: boolean;
}): string[] {
  const problems: string[] = [];
  const packing = packingOf(to);
  if (packing?.kind === 'warc' && packing.compression === 'zstd') {
    problems.push(
      `--to: expected .warc or .warc.gz, found ${JSON.stringify(withoutLogins(to))}: readers of WARC know gzip alone`,
    );
  }
  if (nameTemplate !== null && (packing !== null || to === 'discard')) {
    problems.push(
      `--name: expected a directory in --to, found ${JSON.stringify(withoutLogins(to))}, which holds no files`,
    );
  }
  if (setsTimes && (packing !== null || to === 'discard')) {
    problems.push(
      `--timestamps: expected a directory in --to, found ${JSON.stringify(withoutLogins(to))}, which holds no files`,
    );
  }
  if (nameTemplate !== null) {
    try {
      parseNameTemplate(nameTemplate);
    } catch (error) {
      problems.push((error as SpillwayError).message);
    }
  }
  return problems;
}

/**
 * Resolves the place and makes its directories.
 * @throws SpillwayError ERR_OPTION when they cannot be made or read, or a new run's files are there already
 */
export function openOutput(options: OutputOptions, now: Date): FetchOutput {
  try {
    return makeOutput(options, now);
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    throw new SpillwayError(
      'ERR_OPTION',
      `--to: expected a place that can be written or made, found ${withoutLogins((error as Error).message)}: choose another place`,
      { cause: error },
    );
  }
}

function makeOutput(options: OutputOptions, now: Date): FetchOutput {
  const { nameTemplate, segmentBytes, software } = options;
  const to = options.to ?? options.found ?? makeDefaultDirectory(now);
  if (to === 'discard')
    return {
      sink: { kind: 'discard' },
      partial: null,
      record: join(options.found ?? makeDefaultDirectory(now), RECORD_DIRECTORY),
      shown: 'nowhere',
    };
  const path = resolve(to);
  const packing = packingOf(path);
  const record = packing === null ? join(path, RECORD_DIRECTORY) : `${path}${PACKED_RECORD_ENDING}`;
  const partial = join(record, 'partial');
  if (packing !== null && !hasJournal(record)) refuseStrangers(to);
  checkRecord(record);
  makeDirectory(partial);
  if (packing !== null) {
    return {
      sink: { ...packing, file: path, partial, segmentBytes, software },
      record,
      partial,
      shown: `${to}; further segments beside it have .w1, .s1 and so on in their names`,
    };
  }
  const sink: SinkSpec = {
    kind: 'directory',
    ...(options.setsTimes === true ? { setsTimes: true } : {}),
    root: path,
    partial,
    nameTemplate,
    filesPerDirectory: FILES_PER_DIRECTORY,
    holdsOthers: readdirSync(path).some((name) => name !== RECORD_DIRECTORY),
    claims: new SharedArrayBuffer(NAME_CLAIMS_BYTES),
  };
  return { sink, record, partial, shown: to };
}

/**
 * A new run never writes to existing files, and nobody knows yet which segments it will need: any of them is
 * refused.
 */
function refuseStrangers(to: string): void {
  const directory = dirname(to);
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const stranger = names.toSorted().find((name) => parseSegmentName(to, name) !== null);
  if (stranger === undefined) return;
  throw new SpillwayError(
    'ERR_OPTION',
    `--to: expected a file that is not there yet, nor further segments of it, found ${join(directory, stranger)}, which is of no run: choose another place or remove it`,
  );
}

/** Makes `results/2026-01-02T03-04-05Z`, and adds a number when two runs begin in one second. */
function makeDefaultDirectory(now: Date): string {
  makeDirectory(RESULTS);
  const first = join(
    RESULTS,
    now
      .toISOString()
      .replace(/\.\d+Z$/u, 'Z')
      .replaceAll(':', '-'),
  );
  for (let number = 1; ; number++) {
    const directory = number === 1 ? first : `${first}-${number}`;
    try {
      mkdirSync(directory);
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
