// One write to the end of what is to be written: a nearly full disk takes less at a time.

import { writeSync } from 'node:fs';

/** @param position of the first byte in the file. @default where the file stands. @throws what the file system throws */
export function writeAll(fd: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, position === null ? null : position + done);
}
