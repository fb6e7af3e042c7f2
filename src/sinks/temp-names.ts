// Names for bodies that wait below the directory of a run's partial bodies. No two bodies ever have the same one, whatever
// process or thread began them, so that a note on one of them is never taken for a note on its successor.

import { randomBytes } from 'node:crypto';
import { makeDirectory } from '../files/make-directory.ts';
import { guardWrite } from '../files/sink-error.ts';

const NAME = /^w\d{1,9}\/\d{1,15}-[0-9a-f]{8}-\d{1,15}$/u;

/** Whether it is such a name, and so leads nowhere else. */
export function isTempName(name: string): boolean {
  return NAME.test(name);
}

export class TempNames {
  readonly #stem: string;
  readonly #stamp = randomBytes(4).toString('hex');
  #count = 0;

  /** Makes the worker's own directory: threads that make files in one directory would wait for each other. */
  constructor(partial: string, workerIndex: number) {
    this.#stem = `w${workerIndex}/`;
    const directory = `${partial}/w${workerIndex}`;
    guardWrite('make', directory, () => makeDirectory(directory));
  }

  /** Relative to the directory of partial bodies. */
  next(index: number): string {
    return `${this.#stem}${index}-${this.#stamp}-${this.#count++}`;
  }
}
