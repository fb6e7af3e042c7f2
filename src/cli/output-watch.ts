// Handles errors of standard output. When its reader leaves (`… | head -1`) only the rest of the text is lost: the
// run goes on, its files are written, its exit code says how it ended. A full disk is an error.

import { SpillwayError } from '../model/errors.ts';

export class OutputWatch implements Disposable {
  #lost: NodeJS.ErrnoException | null = null;

  constructor() {
    process.stdout.on('error', this.#onError);
    process.stderr.on('error', ignore);
  }

  /** Waits until all is written. @throws SpillwayError ERR_SINK when standard output could not be written to */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
    if (this.#lost === null || this.#lost.code === 'EPIPE') return;
    throw new SpillwayError(
      'ERR_SINK',
      `expected to write to standard output, found ${this.#lost.message}; free space there or print to another place`,
      { cause: this.#lost },
    );
  }

  /** Keeps the first error; later ones only say that the stream is gone. */
  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.#lost ??= error;
  };

  [Symbol.dispose](): void {
    process.stdout.off('error', this.#onError);
    process.stderr.off('error', ignore);
  }
}

function ignore(): void {
  // Standard error is gone, so there is nowhere to report it.
}
