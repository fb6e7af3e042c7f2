// Compresses records one by one, in bounded memory and without a stream: each record is its own gzip member, as WARC
// requires, or zstd frames. Both may be joined end to end, so a file that ends after any record is valid.

import { constants, crc32, deflateRawSync, zstdCompressSync } from 'node:zlib';
import type { PackedSpec } from '../../model/sink-spec.ts';

/** Bytes compressed at once: a record of at most this size is one run of deflate blocks, or one frame. */
const BLOCK_BYTES = 1024 * 1024;
const GZIP_LEVEL = 6;
const ZSTD_LEVEL = 3;
/** RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/** The record that consists of `pieces`, compressed. */
export function compressRecord(
  pieces: Iterable<Uint8Array>,
  compression: PackedSpec['compression'],
): Iterable<Uint8Array> {
  if (compression === 'none') return pieces;
  const blocks = blocksOf(pieces);
  return compression === 'gzip' ? gzipMember(blocks) : zstdFrames(blocks);
}

function* zstdFrames(blocks: Iterable<Buffer>): Generator<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL };
  for (const block of blocks) yield zstdCompressSync(block, { params });
}

/**
 * Makes one member of all blocks. Each block is deflated by itself and ends on a byte border (Z_SYNC_FLUSH), so
 * that the parts join into one deflate stream; only the last one is marked final.
 */
function* gzipMember(blocks: Iterable<Buffer>): Generator<Buffer> {
  let checksum = 0;
  let length = 0;
  let held: Buffer = Buffer.alloc(0);
  yield GZIP_HEADER;
  for (const block of blocks) {
    if (length > 0) yield deflateRawSync(held, { level: GZIP_LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
    held = block;
    checksum = crc32(block, checksum);
    length += block.length;
  }
  yield deflateRawSync(held, { level: GZIP_LEVEL });
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield trailer;
}

/** The same bytes in blocks with their own memory, none larger than `BLOCK_BYTES` unless a single piece is. */
function* blocksOf(pieces: Iterable<Uint8Array>): Generator<Buffer> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for (const piece of pieces) {
    if (heldBytes > 0 && heldBytes + piece.length > BLOCK_BYTES) {
      yield Buffer.concat(held);
      held = [];
      heldBytes = 0;
    }
    // The producer of a large piece may reuse its buffer.
    held.push(piece.length > BLOCK_BYTES / 16 ? Buffer.from(piece) : piece);
    heldBytes += piece.length;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}
