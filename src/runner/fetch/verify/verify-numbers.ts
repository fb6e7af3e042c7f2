// The audit of a plain directory whose files each hold `k of n`: every k of 1 … n is there once, and nothing else is.

import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bitmap } from '../../../measure/bitmap.ts';
import { ownStats } from '../../../files/own-files.ts';
import { SpillwayError } from '../../../model/errors.ts';
import type { VerifyAudit } from './verify-audit.ts';
import { walk } from './verify-files.ts';

/** `k of n` needs few bytes; a longer file holds something else. */
const MAX_NUMBER_BYTES = 64;
/** One bit for each number: 128 MB. */
const MAX_NUMBERS = 2 ** 30;

/** @throws SpillwayError ERR_OPTION when no file holds `k of n` */
export async function verifyNumbers(root: string, audit: VerifyAudit): Promise<void> {
  let seen: Bitmap | null = null;
  let rightCount = 0;
  for await (const path of walk(root)) {
    const file = join(root, path);
    const stats = ownStats(file);
    const isShort = stats?.isFile() === true && stats.size <= MAX_NUMBER_BYTES;
    const text = isShort ? await readFile(file, 'utf8') : '';
    const match = /^(\d{1,10}) of (\d{1,10})\s*$/u.exec(text);
    const [number, total] = [Number(match?.[1]), Number(match?.[2])];
    const isWrong = match === null || number < 1 || number > total || total > MAX_NUMBERS;
    if (isWrong || (seen !== null && total !== seen.size - 1)) {
      audit.blame('stranger', path, 'expected "k of n" with one n for all files');
      continue;
    }
    seen ??= new Bitmap(total + 1);
    if (!seen.add(number)) {
      audit.blame('double', path, `${number} of ${total} is there twice`);
      continue;
    }
    rightCount++;
    audit.approve(path, Buffer.byteLength(text), hash('sha256', text));
  }
  if (seen === null) {
    throw new SpillwayError(
      'ERR_OPTION',
      `verify: expected the place of a fetch, or files that say "k of n", found neither in "${root}"`,
    );
  }
  const expected = seen.size - 1;
  audit.expected += expected;
  const missing = expected - rightCount;
  if (missing > 0) audit.blame('gap', '', `${missing} of ${expected} numbers are missing`, missing);
}
