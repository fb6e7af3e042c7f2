// Names for partial bodies below their directory in a run. No two bodies ever have the same name, whichever process
// or thread began them, so that a note on one body is never taken for a note on another.

import { randomBytes } from 'node:crypto';
import { makeDirectory } from '../files/make-directory.ts';
import { guardWrite } from '../files/sink-error.ts';

const NAME = /^w\d{1,9}\/\d{1,15}-[0-9a-f]{8}-\d{1,15}$/u;

/** Tells whether it is such a name, and so leads nowhere else. */
export function isTempName(name: string): boolean {
  return NAME.test(name);
}

export class TempNames {
  readonly #stem: string;
  readonly #stamp = randomBytes(4).toString('hex');
  #count = 0;

  /** Makes the worker's own directory: threads that make files in the same directory would wait for each other. */
  constructor(partial: string, workerIndex: number) {
    this.#stem = `w${workerIndex}/`;
    const directory = `${partial}/w${workerIndex}`;
    guardWrite('make', directory, () => makeDirectory(directory));
  }

  /** A new name, relative to the directory of partial bodies. */
  next(index: number): string {
    return `${this.#stem}${index}-${this.#stamp}-${this.#count++}`;
  }
}
