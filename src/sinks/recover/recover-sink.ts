// Brings what a killed process or thread left back to what the journal knows: keeps everything that is in the
// journal and everything of a stranger, and removes the rest.

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

/** The location of a target that was fetched, from the journal: part of an `OkOutcome`. */
export interface KnownBody {
  readonly index: number;
  readonly stored: Pick<Stored, 'path' | 'offsetBytes' | 'storedBytes'>;
}

/**
 * Recovers after the death of a process, before the first worker of the next one. Safe to repeat after a death in
 * the middle of it. At its end `partial` holds only the bodies that will be continued.
 * - A file with a final name that is not in the journal is removed, and its name reserved for its target.
 * - A packed series is truncated to its last record in the journal and ended; the run continues with further
 *   segments.
 * @param spec as a new run would have it: with empty `claims`, which are filled
 * @param known every target in the journal that was fetched, once, in any order; read once, in bounded memory
 * @param kept partial bodies that will be continued, named as in `partialFile`; the others are removed
 * @returns the spec to continue with
 * @throws SpillwayError ERR_SINK when a record in the journal is not on disk whole, so that continuing would hide a
 *   loss
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
    // A list with holes would not arrive unchanged at a worker.
    recovered = { ...spec, firstSegments: Array.from(firstSegments, (first) => first ?? 0) };
  }
  sweepPartial(spec.partial, kept);
  return recovered;
}

/** What the runner knows of a worker whose thread died, once everything it had sent is in the journal. */
export interface DeadWorker {
  readonly workerIndex: number;
  /** Where its last target in the journal was stored; null for none. */
  readonly last: KnownBody['stored'] | null;
  /** True for targets that its replacement fetches again. */
  readonly isUnsettled: (index: number) => boolean;
}

/**
 * Recovers after the death of one thread, while the others go on.
 * @param spec that of the dead worker
 * @returns the spec for its replacement, which has another worker index
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

/** Other sinks keep nothing on disk that could be incomplete or doubled. */
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
 * Removes the file of an intent if it holds exactly the bytes of the intent: intents precede files, so a file with
 * that name may be a stranger's.
 * @throws SpillwayError ERR_SINK
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
