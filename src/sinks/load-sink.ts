// Loads the sink a worker writes to, built in or the caller's own, with the values it makes of bodies for the
// reader of the outcomes. Apart from open-sink.ts, because this one waits: for a module, and for the code of any
// sink but a directory, which most runs never load.

import type { AnySinkSpec } from '../model/sink-spec.ts';
import { openDirectorySink } from './directory-sink.ts';
import type { Sink } from './sink.ts';

export interface LoadedSink {
  readonly sink: Sink;
  /** Returns once what the sink made of the body of target `index`; undefined where it made nothing. */
  takeValue(index: number): unknown;
}

/** @throws SpillwayError ERR_SINK when the output cannot be written to, or the module does not hold a sink */
export async function loadSink(spec: AnySinkSpec, workerIndex: number): Promise<LoadedSink> {
  if (spec.kind === 'directory')
    return { sink: openDirectorySink(spec, workerIndex), takeValue: () => undefined };
  if (spec.kind !== 'module' && spec.kind !== 'memory') {
    const { openSink } = await import('./open-sink.ts');
    return { sink: openSink(spec, workerIndex), takeValue: () => undefined };
  }
  const values = new Map<number, unknown>();
  const keep = (index: number, value: unknown) => {
    if (value !== undefined) values.set(index, value);
  };
  return {
    sink:
      spec.kind === 'memory'
        ? (await import('./memory-sink.ts')).openMemorySink(keep)
        : await (await import('./module-sink.ts')).openModuleSink(spec, workerIndex, keep),
    takeValue: (index) => {
      const value = values.get(index);
      values.delete(index);
      return value;
    },
  };
}
