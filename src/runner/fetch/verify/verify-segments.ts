// Audits the segments of a packed run from the first byte to the last: decodes, parses and hashes each record, and
// finds bytes that belong to no recorded target.

import { opendir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { PackedSpec } from '../../../model/sink-spec.ts';
import { parseSegmentName, SegmentReader } from '../../../sinks/packed/read-segment.ts';
import { ownStats } from '../../../files/own-files.ts';
import { packingOf } from '../record/fetch-output.ts';
import type { VerifyAudit } from './verify-audit.ts';
import type { LocationRow, VerifyTable } from './verify-table.ts';

/** Records read in one turn of the event loop. */
const TURN_COUNT = 512;

/** @param file the first segment */
export async function checkSegments(
  file: string,
  kind: PackedSpec['kind'],
  audit: VerifyAudit,
  table: VerifyTable,
): Promise<void> {
  const directory = dirname(file);
  const compression = packingOf(file)?.compression ?? 'none';
  using check = new SegmentCheck(audit, (name) => {
    const path = join(directory, name);
    return ownStats(path)?.isFile() === true ? new SegmentReader(path, { kind, compression }) : null;
  });
  let count = 0;
  for (const row of table.locations()) {
    await check.record(row);
    // Small records are read without waiting, and their memory is freed only between turns of the event loop.
    if (++count % TURN_COUNT === 0) await setImmediate();
  }
  await check.end();
  for await (const { name } of await opendir(directory)) {
    if (parseSegmentName(basename(file), name) !== null && !table.hasPath(name))
      audit.blame('stranger', name, 'a segment without a recorded target');
  }
}

class SegmentCheck implements Disposable {
  readonly #audit: VerifyAudit;
  readonly #open: (name: string) => SegmentReader | null;
  #reader: SegmentReader | null = null;
  #name = '';
  /** Offset at which the records checked so far end. */
  #endBytes = 0;

  constructor(audit: VerifyAudit, open: (name: string) => SegmentReader | null) {
    this.#audit = audit;
    this.#open = open;
  }

  /** Checks the next record in the order of path and offset. */
  async record(row: LocationRow): Promise<void> {
    if (row.path !== this.#name) await this.#begin(row);
    const { offsetBytes, storedBytes, path, index, url } = row;
    const reader = this.#reader;
    if (reader === null) {
      this.#audit.blame('missing', path, `target ${index} is recorded in it, and it is not there (${url})`);
      return;
    }
    if (offsetBytes < this.#endBytes)
      this.#audit.blame('double', path, `target ${index} lies over the one before it (${url})`);
    else if (offsetBytes > this.#endBytes) this.#blameGap(path, this.#endBytes, offsetBytes);
    this.#endBytes = Math.max(this.#endBytes, offsetBytes + storedBytes);
    if (offsetBytes + storedBytes > reader.sizeBytes) {
      const detail = `target ${index} should end at byte ${offsetBytes + storedBytes}, the file has ${reader.sizeBytes} (${url})`;
      this.#audit.blame(offsetBytes < reader.sizeBytes ? 'torn' : 'missing', path, detail);
    } else {
      await this.#readBack(reader, row);
    }
  }

  /** Checks what follows the last record. */
  async end(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    if (reader === null) return;
    using _ = reader;
    if (reader.sizeBytes < this.#endBytes) return;
    const found = await reader.trailer(this.#endBytes);
    if (found !== null) {
      const where = `from byte ${this.#endBytes} of ${reader.sizeBytes}`;
      this.#audit.blame('stranger', this.#name, `${where}: ${found.problem}`);
    }
  }

  [Symbol.dispose](): void {
    this.#reader?.[Symbol.dispose]();
  }

  async #begin(first: LocationRow): Promise<void> {
    await this.end();
    this.#name = first.path;
    this.#reader = this.#open(first.path);
    this.#endBytes = first.offsetBytes;
    const found = await this.#reader?.preamble(first.offsetBytes);
    if (found !== null && found !== undefined) this.#audit.blame('stranger', first.path, found.problem);
  }

  #blameGap(path: string, start: number, end: number): void {
    this.#audit.blame('stranger', path, `bytes ${start} to ${end} belong to no recorded target`);
  }

  async #readBack(reader: SegmentReader, row: LocationRow): Promise<void> {
    const { path, offsetBytes, storedBytes, bytes, sha256, index, url, finalUrl } = row;
    const found = await reader.record(offsetBytes, storedBytes);
    const where = `target ${index} at byte ${offsetBytes}`;
    if ('problem' in found) {
      this.#audit.blame('torn', path, `${where}: ${found.problem} (${url})`);
    } else if (found.bytes !== bytes || found.sha256 !== sha256) {
      this.#audit.blame('changed', path, `${where}: expected SHA-256 ${sha256}, found another (${url})`);
    } else if ((found.index ?? index) !== index || (found.url !== url && found.url !== finalUrl)) {
      this.#audit.blame('changed', path, `${where}: expected ${url}, found the record of ${found.url}`);
    } else {
      this.#audit.approve(url, bytes, sha256);
    }
  }
}
