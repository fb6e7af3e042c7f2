// Makes the bytes behind GET /bytes/:size/:n: pseudo-random, always the same for the same size and n, and
// different for any other. AES-128 in counter mode over zeros gives this at memory speed and without a table.

import { createCipheriv } from 'node:crypto';

/** The longest body that can be asked for: 1 GiB. */
export const MAX_BODY_BYTES = 2 ** 30;
/** Bodies are numbered 0..MAX_BODY_NUMBER-1. */
export const MAX_BODY_NUMBER = 2 ** 26;
const KEY = Buffer.from('spillway bytes/1');
const PIECE_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(PIECE_BYTES);

/** Yields the body in pieces of at most 64 KiB, each made when it is taken. */
export function* bodyPieces(sizeBytes: number, number: number): Generator<Buffer> {
  // Size and number are the upper half of the counter and the lower half counts blocks, so no two bodies
  // share bytes.
  const counter = Buffer.alloc(16);
  counter.writeUInt32BE(sizeBytes, 0);
  counter.writeUInt32BE(number, 4);
  const cipher = createCipheriv('aes-128-ctr', KEY, counter);
  for (let left = sizeBytes; left > 0; left -= PIECE_BYTES) {
    yield cipher.update(left >= PIECE_BYTES ? ZEROS : ZEROS.subarray(0, left));
  }
}
