// What all packed sinks share: a body waits in a spool until it is whole, then becomes one record of this worker's
// segment. The formats (ndjson, warc, tar) define only what a record looks like.

import type { PackedSpec } from '../../model/sink-spec.ts';
import { type SegmentEnds, SegmentSeries } from './segment.ts';
import type { Body, BodyHead, Committed, Sink } from '../sink.ts';
import { Spool, type SpoolOptions } from '../spool.ts';
import { TempNames } from '../temp-names.ts';

/** A whole body, ready to be written into a record. */
export interface WholeBody {
  readonly bytes: number;
  readonly sha256: string;
  /** The body from its beginning; each piece is valid until the next one is asked for. */
  pieces(): Iterable<Buffer>;
}

export interface PackedFormat extends SegmentEnds {
  /** A record's bytes, compressed as asked; a piece is written before the next one is asked for. */
  record(head: BodyHead, body: WholeBody): Iterable<Uint8Array>;
}

export function openPackedSink(spec: PackedSpec, workerIndex: number, format: PackedFormat): Sink {
  const { file, partial, segmentBytes, firstSegments } = spec;
  const firstSegment = firstSegments === undefined ? null : (firstSegments[workerIndex] ?? 0);
  const series = new SegmentSeries({ file, workerIndex, partial, firstSegment, segmentBytes, ends: format });
  const tempNames = new TempNames(partial, workerIndex);
  const spoolOptions = ({ expectedBytes }: BodyHead, partialFile: string): SpoolOptions => ({
    tempPath: `${partial}/${partialFile}`,
    expectedBytes,
    isForFile: false,
  });
  return {
    begin: (head) => {
      const partialFile = tempNames.next(head.index);
      return new PackedBody(head, partialFile, new Spool(spoolOptions(head, partialFile)), series, format);
    },
    reopen: async (head, partialFile) => {
      const spool = await Spool.reopen(spoolOptions(head, partialFile));
      if (spool === null) return null;
      return { body: new PackedBody(head, partialFile, spool, series, format), bytes: spool.bytes };
    },
    close: () => {
      series.close();
      series.end();
    },
  };
}

class PackedBody implements Body {
  readonly #head: BodyHead;
  readonly partialFile: string;
  readonly #spool: Spool;
  readonly #series: SegmentSeries;
  readonly #format: PackedFormat;

  constructor(
    head: BodyHead,
    partialFile: string,
    spool: Spool,
    series: SegmentSeries,
    format: PackedFormat,
  ) {
    this.#head = head;
    this.partialFile = partialFile;
    this.#spool = spool;
    this.#series = series;
    this.#format = format;
  }

  write(chunk: Buffer): void {
    this.#spool.write(chunk);
  }

  commit(): Committed {
    const spool = this.#spool;
    const sha256 = spool.digest();
    const { bytes } = spool;
    const body = { bytes, sha256, pieces: () => spool.pieces() };
    const location = this.#series.append(this.#format.record(this.#head, body));
    spool.release();
    return { bytes, sha256, stored: { ...location, isRenamed: false } };
  }

  discard(): void {
    this.#spool.release();
  }

  suspend(): void {
    this.#spool.suspend();
  }
}
