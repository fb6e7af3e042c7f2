// Writes all bytes: on a nearly full disk one call may take only some of them.

import { writeSync } from 'node:fs';

/**
 * Bytes of one write. The kernel takes memory for a file in blocks as large as the write. Few large blocks
 * were in use lately, and the host of a virtual machine has to provide the others anew. 2 GB on ext4 took 2.4
 * s of system time with 2 MB at a time, 1.2 to 2.4 s with 256 KB, 1.2 s with 128 KB; below 64 KB the calls
 * themselves cost more.
 */
const WRITE_BYTES = 128 * 1024;

/**
 * @param position of the first byte in the file. @default the present position of the file. @throws the
 * system's error
 */
export function writeAll(fd: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(
      fd,
      bytes,
      done,
      Math.min(bytes.length - done, WRITE_BYTES),
      position === null ? null : position + done,
    );
}
