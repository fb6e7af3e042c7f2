// The cost of one body of 10 KB in each sink, from its head to its commit, on the disk of the temporary directory.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAME_CLAIMS_BYTES, type SinkSpec } from '../../src/model/sink-spec.ts';
import { openSink } from '../../src/sinks/open-sink.ts';
import type { MicroSuite } from './suite.ts';

const BODIES = 50;
const BODY = Buffer.alloc(10_000, 'spillway ');
const SEGMENT_BYTES = 64e6;

export const sinks: MicroSuite = {
  name: 'sinks',
  operation: 'a body of 10 KB stored',
  open: async () => {
    const root = mkdtempSync(join(tmpdir(), 'spillway-micro-'));
    const opened = Object.entries(specsIn(root)).map(([name, spec]) => ({ name, sink: openSink(spec, 0) }));
    let index = 0;
    return {
      tasks: opened.map(({ name, sink }) => ({
        name,
        operations: BODIES,
        run: () => {
          for (let count = 0; count < BODIES; count++) {
            const url = `http://127.0.0.1/${index}`;
            const body = sink.begin({
              index: index++,
              line: 0,
              url,
              finalUrl: url,
              status: 200,
              statusText: 'OK',
              headers: [['content-type', 'text/plain']],
              receivedAtMs: Date.now(),
              isDecoded: false,
              expectedBytes: BODY.length,
            });
            body.write(BODY);
            body.commit();
          }
        },
      })),
      [Symbol.asyncDispose]: async () => {
        for (const { sink } of opened) sink.close();
        rmSync(root, { recursive: true, force: true });
      },
    };
  },
};

function specsIn(root: string): Readonly<Record<string, SinkSpec>> {
  const partial = join(root, 'partial');
  const directory = join(root, 'files');
  for (const path of [partial, directory]) mkdirSync(path);
  const packed = (kind: 'ndjson' | 'warc' | 'tar', compression: 'none' | 'gzip' | 'zstd'): SinkSpec => ({
    kind,
    file: join(root, `${compression}.${kind}`),
    partial,
    compression,
    segmentBytes: SEGMENT_BYTES,
    software: 'a benchmark',
  });
  return {
    discard: { kind: 'discard' },
    directory: {
      kind: 'directory',
      root: directory,
      partial,
      nameTemplate: null,
      filesPerDirectory: 10_000,
      holdsOthers: false,
      claims: new SharedArrayBuffer(NAME_CLAIMS_BYTES),
    },
    ndjson: packed('ndjson', 'none'),
    'warc, gzip': packed('warc', 'gzip'),
    'tar, zstd': packed('tar', 'zstd'),
  };
}
