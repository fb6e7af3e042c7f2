// The sink a worker writes to, built in or the caller's own, and what it makes of bodies for whoever reads the outcomes.
// Apart from open-sink, because a module is loaded while the rest is there at once.

import type { AnySinkSpec } from '../model/sink-spec.ts';
import { openMemorySink } from './memory-sink.ts';
import { openModuleSink } from './module-sink.ts';
import { openSink } from './open-sink.ts';
import type { Sink } from './sink.ts';

export interface LoadedSink {
  readonly sink: Sink;
  /** What the sink made of the body of target `index`, once; undefined where it made nothing. */
  takeValue(index: number): unknown;
}

/** @throws SpillwayError ERR_SINK when the place cannot be written to, or the module is no sink */
export async function loadSink(spec: AnySinkSpec, workerIndex: number): Promise<LoadedSink> {
  if (spec.kind !== 'module' && spec.kind !== 'memory')
    return { sink: openSink(spec, workerIndex), takeValue: () => undefined };
  const values = new Map<number, unknown>();
  const keep = (index: number, value: unknown) => {
    if (value !== undefined) values.set(index, value);
  };
  return {
    sink: spec.kind === 'memory' ? openMemorySink(keep) : await openModuleSink(spec, workerIndex, keep),
    takeValue: (index) => {
      const value = values.get(index);
      values.delete(index);
      return value;
    },
  };
}
