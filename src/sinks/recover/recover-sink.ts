// Brings what a process or thread that was killed has left back to what the journal knows: nothing that is journalled
// is touched, nothing of a stranger's is, and of what is neither no byte stays.

import { createHash } from 'node:crypto';
import { closeSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isOwnFile, openRegular, ownStats } from '../../files/own-files.ts';
import { guardWrite } from '../../files/sink-error.ts';
import type { Stored } from '../../model/outcome.ts';
import type { AnySinkSpec, DirectorySpec, PackedSpec, SinkSpec } from '../../model/sink-spec.ts';
import { workersWithIntents, type NameIntent, readIntents } from '../intent-log.ts';
import { NameClaims } from '../names/name-claims.ts';
import { recoverSeries, LastRecords } from './recover-series.ts';
import { sweepPartial } from './sweep-partial.ts';

const READ_BYTES = 1024 * 1024;

export { workersWithIntents } from '../intent-log.ts';
export { parseSegmentName } from '../packed/segment.ts';
export { isTempName } from '../temp-names.ts';
export { sweepPartial } from './sweep-partial.ts';

/** What the journal knows of a target that was had: of an `OkOutcome`. */
export interface KnownBody {
  readonly index: number;
  readonly stored: Pick<Stored, 'path' | 'offsetBytes' | 'storedBytes'>;
}

/**
 * After the death of a process, before the first worker of the next one. Safe to repeat: a death in the middle of it
 * costs nothing. Ends with nothing in `partial` but the bodies that are to be gone on with.
 * - A file that stands under its name without being journalled is removed, and its name kept for its target.
 * - A packed series is cut back to its last journalled record and ended; what the run goes on with is further segments.
 * @param spec as a new run would have it: with empty `claims`, which are filled
 * @param known every target in the journal that was had, once, in any order; read once, in bounded memory
 * @param kept partial bodies that are gone on with, as `partialFile` has them; the others go
 * @returns the spec to go on with
 * @throws SpillwayError ERR_SINK when a journalled record is not there whole, so that going on would hide a loss
 */
export function recoverSink(
  spec: SinkSpec,
  known: Iterable<KnownBody>,
  kept: ReadonlySet<string> = new Set(),
): SinkSpec {
  if (!keepsBodies(spec)) return spec;
  const workers = workersWithIntents(spec.partial);
  let recovered: SinkSpec;
  if (spec.kind === 'directory') {
    const orphans = new Map(
      workers
        .flatMap((worker) => [...readIntents<NameIntent>(spec.partial, worker)])
        .map((it) => [it.path, it]),
    );
    recovered = recoverDirectory(spec, orphans, known);
  } else {
    const last = new LastRecords(spec.file);
    for (const { stored } of known) last.add(stored);
    const firstSegments: number[] = [];
    for (const workerIndex of new Set([...workers, ...last.workers])) {
      firstSegments[workerIndex] = recoverSeries(spec, workerIndex, last.of(workerIndex));
    }
    // A list with holes would not survive its way to a worker as what it is.
    recovered = { ...spec, firstSegments: Array.from(firstSegments, (first) => first ?? 0) };
  }
  sweepPartial(spec.partial, kept);
  return recovered;
}

/** What the runner knows of a worker whose thread died, once all that it had sent is journalled. */
export interface DeadWorker {
  readonly workerIndex: number;
  /** Where its last journalled target went; null for none. */
  readonly last: KnownBody['stored'] | null;
  /** True for targets that its successor is to fetch again. */
  readonly isUnsettled: (index: number) => boolean;
}

/**
 * The same after the death of one thread, while the others go on.
 * @param spec as the dead worker had it
 * @returns the spec for its successor, which has a worker index of its own
 * @throws SpillwayError ERR_SINK
 */
export function recoverWorker(
  spec: AnySinkSpec,
  { workerIndex, last, isUnsettled }: DeadWorker,
): AnySinkSpec {
  if (!keepsBodies(spec)) return spec;
  if (spec.kind !== 'directory') {
    const ends = new LastRecords(spec.file);
    if (last !== null) ends.add(last);
    recoverSeries(spec, workerIndex, ends.of(workerIndex));
    return spec;
  }
  const reserved = [...(spec.reserved ?? [])].filter(({ index }) => isUnsettled(index));
  for (const intent of readIntents<NameIntent>(spec.partial, workerIndex)) {
    if (!isUnsettled(intent.index)) continue;
    removeIfOurs(spec.root, intent);
    reserved.push({ index: intent.index, path: intent.path });
  }
  return { ...spec, reserved };
}

/** Others keep nothing on disk that could be torn or doubled. */
function keepsBodies(spec: AnySinkSpec): spec is DirectorySpec | PackedSpec {
  return spec.kind !== 'discard' && spec.kind !== 'memory' && spec.kind !== 'module';
}

function recoverDirectory(
  spec: DirectorySpec,
  orphans: Map<string, NameIntent>,
  known: Iterable<KnownBody>,
): DirectorySpec {
  const claims = new NameClaims(spec.claims);
  const partOf = (index: number) => Math.floor(index / spec.filesPerDirectory);
  for (const { index, stored } of known) {
    claims.claim(stored.path, partOf(index));
    orphans.delete(stored.path);
  }
  const reserved = [];
  for (const intent of orphans.values()) {
    removeIfOurs(spec.root, intent);
    claims.claim(intent.path, partOf(intent.index));
    reserved.push({ index: intent.index, path: intent.path });
  }
  return { ...spec, reserved };
}

/**
 * Removes the file of an intent when it holds the very bytes of it: intents precede files, so that the name may be a
 * stranger's. @throws SpillwayError ERR_SINK
 */
function removeIfOurs(root: string, { path, bytes, sha256 }: NameIntent): void {
  const file = join(root, path);
  guardWrite('remove', file, () => {
    if (!isOwnFile(root, path) || ownStats(file)?.size !== bytes) return;
    if (digestOf(file) === sha256) unlinkSync(file);
  });
}

function digestOf(path: string): string {
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const fd = openRegular(path);
  try {
    for (let count = 1; count > 0; ) {
      count = readSync(fd, buffer);
      digest.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
  return digest.digest('hex');
}
