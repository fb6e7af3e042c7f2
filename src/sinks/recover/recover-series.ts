// Recovers one worker's segments after its death: truncates them to the last record in the journal, and ends them
// as the format requires, so that every segment is valid by itself.

import { closeSync, constants, ftruncateSync, unlinkSync } from 'node:fs';
import { SpillwayError } from '../../model/errors.ts';
import type { Stored } from '../../model/outcome.ts';
import type { PackedSpec } from '../../model/sink-spec.ts';
import { readIntents, type SegmentIntent } from '../intent-log.ts';
import { makePackedFormat } from '../packed/packed-formats.ts';
import { parseSegmentName, segmentFile } from '../packed/segment.ts';
import { openRegular, ownStats } from '../../files/own-files.ts';
import { guardWrite } from '../../files/sink-error.ts';
import { writeAll } from '../../files/write-all.ts';

/** Where the last record of a series that is in the journal ends. */
export interface SeriesEnd {
  readonly segmentIndex: number;
  readonly endBytes: number;
}

/** The end of each worker's series, from the locations of its records in any order. */
export class LastRecords {
  readonly #file: string;
  readonly #ends = new Map<number, SeriesEnd>();

  constructor(file: string) {
    this.#file = file;
  }

  get workers(): number[] {
    return [...this.#ends.keys()];
  }

  /**
   * A worker's records lie in the order in which they were journalled, so the last one marks the end of the series.
   */
  add({ path, offsetBytes, storedBytes }: Pick<Stored, 'path' | 'offsetBytes' | 'storedBytes'>): void {
    const segment = parseSegmentName(this.#file, path);
    if (segment === null) return;
    const endBytes = offsetBytes + storedBytes;
    const before = this.#ends.get(segment.workerIndex);
    const isFurther =
      before === undefined ||
      segment.segmentIndex > before.segmentIndex ||
      (segment.segmentIndex === before.segmentIndex && endBytes > before.endBytes);
    if (isFurther) this.#ends.set(segment.workerIndex, { segmentIndex: segment.segmentIndex, endBytes });
  }

  of(workerIndex: number): SeriesEnd | null {
    return this.#ends.get(workerIndex) ?? null;
  }
}

/**
 * Truncates the series to `end`. Touches nothing that the series did not make.
 * @param end null when none of its records is in the journal
 * @returns the number of its next segment
 * @throws SpillwayError ERR_SINK when the record that should be the last is missing or incomplete
 */
export function recoverSeries(spec: PackedSpec, workerIndex: number, end: SeriesEnd | null): number {
  const made = new Map<number, boolean>();
  for (const { segmentIndex, isMade } of readIntents<SegmentIntent>(spec.partial, workerIndex)) {
    made.set(segmentIndex, isMade || made.get(segmentIndex) === true);
  }
  for (const [segmentIndex, isMade] of made) {
    if (end !== null && segmentIndex <= end.segmentIndex) continue;
    removeSegment(segmentFile(spec.file, workerIndex, segmentIndex), isMade);
  }
  if (end === null) return 0;
  endSegment(spec, segmentFile(spec.file, workerIndex, end.segmentIndex), end.endBytes);
  return end.segmentIndex + 1;
}

/** A file that was about to be made counts as ours only while it is empty. */
function removeSegment(path: string, isMade: boolean): void {
  guardWrite('remove', path, () => {
    const stats = ownStats(path);
    if (stats?.isFile() === true && (isMade || stats.size === 0)) unlinkSync(path);
  });
}

function endSegment(spec: PackedSpec, path: string, endBytes: number): void {
  const { trailer } = makePackedFormat(spec);
  const stats = ownStats(path);
  const sizeBytes = stats?.isFile() === true ? stats.size : 0;
  if (sizeBytes < endBytes) {
    throw new SpillwayError(
      'ERR_SINK',
      `expected at least ${endBytes} bytes in ${path}, as the journal says, found ${sizeBytes}: it was cut or moved, or power was lost; \`spillway verify\` says which targets are gone`,
    );
  }
  guardWrite('cut back', path, () => {
    const fd = openRegular(path, constants.O_RDWR);
    try {
      ftruncateSync(fd, endBytes);
      if (trailer !== undefined) writeAll(fd, trailer, endBytes);
    } finally {
      closeSync(fd);
    }
  });
}
