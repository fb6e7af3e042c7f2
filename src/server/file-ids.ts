// Names for files that nobody can guess and that cost no table: id = AES-128(key, file number, zero tag). The cipher is
// a permutation of 128-bit blocks, so looking an id up is one decryption, and a forged one fails the tag.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Cipheriv, Decipheriv } from 'node:crypto';

const BLOCK_BYTES = 16;
const KEY_BYTES = 16;

/** @param seed the same key for the same seed; a random key without */
export function makeFileKey(seed?: string): Buffer {
  if (seed === undefined) return randomBytes(KEY_BYTES);
  return createHash('sha256').update(`spillway file ids\n${seed}`).digest().subarray(0, KEY_BYTES);
}

export class FileIds {
  readonly count: number;
  readonly #cipher: Cipheriv;
  readonly #decipher: Decipheriv;

  /** One block at a time in ECB has no state, so one cipher object serves all lookups. */
  constructor(key: Uint8Array, count: number) {
    this.count = count;
    this.#cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    this.#decipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  /** Ids of the files `start` to `start + count - 1` (from 0), each 32 hex digits. */
  range(start: number, count: number): string[] {
    const plain = Buffer.alloc(count * BLOCK_BYTES);
    for (let offset = 0; offset < count; offset += 1)
      plain.writeUInt32BE(start + offset, offset * BLOCK_BYTES);
    const hex = this.#cipher.update(plain).toString('hex');
    return Array.from({ length: count }, (_, offset) =>
      hex.slice(offset * BLOCK_BYTES * 2, (offset + 1) * BLOCK_BYTES * 2),
    );
  }

  /** The file's number from 0, or -1 for what is no id of this run. */
  find(id: string): number {
    if (!/^[0-9a-f]{32}$/.test(id)) return -1;
    const plain = this.#decipher.update(Buffer.from(id, 'hex'));
    for (let index = 4; index < BLOCK_BYTES; index += 1) if (plain[index] !== 0) return -1;
    const number = plain.readUInt32BE(0);
    return number < this.count ? number : -1;
  }
}
