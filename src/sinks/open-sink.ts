// Opens the sink a worker writes to, from the plain data it was sent. A new sink is one line here.

import type { SinkSpec } from '../model/sink-spec.ts';
import { openDirectorySink } from './directory-sink.ts';
import { openDiscardSink } from './discard-sink.ts';
import { makePackedFormat } from './packed/packed-formats.ts';
import { openPackedSink } from './packed/packed-sink.ts';
import type { Sink } from './sink.ts';

/** @throws SpillwayError ERR_SINK when the place cannot be written to */
export function openSink(spec: SinkSpec, workerIndex: number): Sink {
  if (spec.kind === 'directory') return openDirectorySink(spec, workerIndex);
  if (spec.kind === 'discard') return openDiscardSink();
  return openPackedSink(spec, workerIndex, makePackedFormat(spec));
}
