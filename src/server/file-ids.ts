// Makes file ids that nobody can guess and that need no table: id = AES-128(key, file number, zero tag). The
// cipher is a permutation of 128-bit blocks, so a lookup is one decryption, and a forged id fails the tag.

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Cipheriv, Decipheriv } from 'node:crypto';

const BLOCK_BYTES = 16;
const KEY_BYTES = 16;

/** @param seed gives the same key each time; without it the key is random */
export function makeFileKey(seed?: string): Buffer {
  if (seed === undefined) return randomBytes(KEY_BYTES);
  return createHash('sha256').update(`spillway file ids\n${seed}`).digest().subarray(0, KEY_BYTES);
}

export class FileIds {
  readonly count: number;
  readonly #cipher: Cipheriv;
  readonly #decipher: Decipheriv;

  /** ECB with one block at a time keeps no state, so one cipher object serves all lookups. */
  constructor(key: Uint8Array, count: number) {
    this.count = count;
    this.#cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
    this.#decipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  }

  /** Ids of files `start` to `start + count - 1` (from 0), each 32 hex digits. */
  range(start: number, count: number): string[] {
    const plain = Buffer.alloc(count * BLOCK_BYTES);
    for (let offset = 0; offset < count; offset += 1)
      plain.writeUInt32BE(start + offset, offset * BLOCK_BYTES);
    const hex = this.#cipher.update(plain).toString('hex');
    return Array.from({ length: count }, (_, offset) =>
      hex.slice(offset * BLOCK_BYTES * 2, (offset + 1) * BLOCK_BYTES * 2),
    );
  }

  /** The file's number from 0, or -1 when the id is not one of this run. */
  find(id: string): number {
    if (!/^[0-9a-f]{32}$/.test(id)) return -1;
    const plain = this.#decipher.update(Buffer.from(id, 'hex'));
    for (let index = 4; index < BLOCK_BYTES; index += 1) if (plain[index] !== 0) return -1;
    const number = plain.readUInt32BE(0);
    return number < this.count ? number : -1;
  }
}
