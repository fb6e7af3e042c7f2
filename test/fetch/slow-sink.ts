// A sink that takes its time with every piece, for the tests of back-pressure.

import type { CallerSink } from '../../src/sinks/caller-sink.ts';

export default function openSlowSink(options: { readonly piecesMs: number }): CallerSink {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  return {
    begin: () => ({
      write: () => {
        Atomics.wait(cell, 0, 0, options.piecesMs);
      },
      commit: () => undefined,
      discard: () => {},
    }),
  };
}
