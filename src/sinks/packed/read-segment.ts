// A segment of a packed sink, read back record by record: what the audit of a run knows of formats. Every problem is
// plain data; nothing is trusted but the bytes.

import { closeSync, fstatSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import type { PackedSpec } from '../../model/sink-spec.ts';
import { ByteReader, FormatProblem } from './byte-reader.ts';
import { decodeRange } from './decode-range.ts';
import type { FoundRecord, RecordProblem } from './found-record.ts';
import { readNdjsonRecord } from './ndjson-format.ts';
import { readTarEnd, readTarRecord } from './tar-format.ts';
import { readWarcInfo, readWarcRecord } from './warc-format.ts';

export { parseSegmentName } from './segment.ts';

interface FormatReader {
  readonly record: (reader: ByteReader) => Promise<FoundRecord>;
  readonly preamble?: (reader: ByteReader, fileName: string) => Promise<void>;
  readonly trailer?: (reader: ByteReader) => Promise<void>;
}

const READERS: Readonly<Record<PackedSpec['kind'], FormatReader>> = {
  ndjson: { record: readNdjsonRecord },
  warc: { record: readWarcRecord, preamble: readWarcInfo },
  tar: { record: readTarRecord, trailer: readTarEnd },
};

export class SegmentReader implements Disposable {
  readonly sizeBytes: number;
  readonly #fd: number;
  readonly #format: FormatReader;
  readonly #compression: PackedSpec['compression'];
  readonly #name: string;

  /** @throws what the file system throws */
  constructor(path: string, { kind, compression }: Pick<PackedSpec, 'kind' | 'compression'>) {
    this.#fd = openSync(path, 'r');
    this.sizeBytes = fstatSync(this.#fd).size;
    this.#format = READERS[kind];
    this.#compression = compression;
    this.#name = basename(path);
  }

  /** The record that fills this part of the segment. */
  async record(startBytes: number, lengthBytes: number): Promise<FoundRecord | RecordProblem> {
    return await this.#read(startBytes, lengthBytes, (reader) => this.#format.record(reader));
  }

  /** Null when the segment's first `lengthBytes` are what the format begins with. */
  async preamble(lengthBytes: number): Promise<RecordProblem | null> {
    return await this.#ends(0, lengthBytes, this.#format.preamble, 'its beginning');
  }

  /** Null when what follows from `startBytes` on is what the format ends with. */
  async trailer(startBytes: number): Promise<RecordProblem | null> {
    return await this.#ends(startBytes, this.sizeBytes - startBytes, this.#format.trailer, 'its end');
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  async #ends(
    startBytes: number,
    lengthBytes: number,
    read: ((reader: ByteReader, fileName: string) => Promise<void>) | undefined,
    where: string,
  ): Promise<RecordProblem | null> {
    if (lengthBytes === 0) return read === undefined ? null : { problem: `nothing stands at ${where}` };
    if (read === undefined) return { problem: `${lengthBytes} bytes at ${where} belong to no record` };
    return await this.#read(startBytes, lengthBytes, async (reader) => {
      await read(reader, this.#name);
      return null;
    });
  }

  async #read<Found>(
    startBytes: number,
    lengthBytes: number,
    read: (reader: ByteReader) => Promise<Found>,
  ): Promise<Found | RecordProblem> {
    const range = { fd: this.#fd, startBytes, lengthBytes };
    try {
      return await read(new ByteReader(decodeRange(range, this.#compression)));
    } catch (error) {
      if (error instanceof FormatProblem) return { problem: error.message };
      throw error;
    }
  }
}
