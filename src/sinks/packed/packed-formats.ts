// The packed formats by name. A new one is one line here and one in read-segment.ts.

import type { PackedSpec } from '../../model/sink-spec.ts';
import { makeNdjsonFormat } from './ndjson-format.ts';
import type { PackedFormat } from './packed-sink.ts';
import { makeTarFormat } from './tar-format.ts';
import { makeWarcFormat } from './warc-format.ts';

const FORMATS = { ndjson: makeNdjsonFormat, warc: makeWarcFormat, tar: makeTarFormat } as const;

export function makePackedFormat(spec: PackedSpec): PackedFormat {
  return FORMATS[spec.kind](spec);
}
