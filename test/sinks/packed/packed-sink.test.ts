import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { PackedSpec } from '../../../src/model/sink-spec.ts';
import { openSink } from '../../../src/sinks/open-sink.ts';
import { segmentFile } from '../../../src/sinks/packed/segment.ts';
import { scratchDirectory } from '../../helpers/scratch.ts';
import { makeHead, store } from '../body-head.ts';

function makeSpec(file: string, changes: Partial<PackedSpec> = {}): PackedSpec {
  return {
    kind: 'ndjson',
    file,
    partial: dirname(file),
    compression: 'none',
    segmentBytes: 1e9,
    software: 'spillway/test',
    ...changes,
  };
}

/** Text, text whose characters lie across pieces, bytes, nothing, and a body larger than memory. */
const CONTENTS: readonly Buffer[] = [
  Buffer.from('1 of 25'),
  Buffer.from('€uro "quoted"\n'.repeat(30_000)),
  Buffer.from([0, 255, 10, 200]),
  Buffer.alloc(0),
  Buffer.alloc(11 * 227_273, 'abcdefg\u{1f600}'),
];

interface Line {
  readonly index: number;
  readonly sha256: string;
  readonly text?: string;
  readonly base64?: string;
}

for (const compression of ['none', 'gzip', 'zstd'] as const)
  test(`ndjson, ${compression}: every line gives back its body, and its place is the record alone`, (t) => {
    const file = join(scratchDirectory(t), 'out.ndjson');
    const sink = openSink(makeSpec(file, { compression }), 0);
    const locations = CONTENTS.map((content, index) => store(sink, makeHead({ index }), content).stored);
    sink.close();
    const unpack = { none: (b: Buffer) => b, gzip: gunzipSync, zstd: zstdDecompressSync }[compression];
    const lines = unpack(readFileSync(file)).toString().trimEnd().split('\n');
    assert.equal(lines.length, CONTENTS.length);
    for (const [index, content] of CONTENTS.entries()) {
      const line = JSON.parse(lines[index] ?? '') as Line;
      const body =
        line.text === undefined ? Buffer.from(line.base64 ?? '!', 'base64') : Buffer.from(line.text);
      assert.deepEqual(body, content);
      assert.equal(line.sha256, hash('sha256', content));
      assert.equal('text' in line, index !== 2);
      const location = locations[index];
      assert.ok(location);
      const record = readFileSync(file).subarray(
        location.offsetBytes,
        location.offsetBytes + location.storedBytes,
      );
      assert.equal(unpack(record).toString(), `${lines[index]}\n`);
    }
  });

test('tar: the archive is listed and unpacked by tar itself, bodies and long names whole', (t) => {
  const root = scratchDirectory(t);
  const file = join(root, 'out.tar.zst');
  const sink = openSink(makeSpec(file, { kind: 'tar', compression: 'zstd' }), 0);
  const names = ['a.txt', `${'ü'.repeat(120)}.bin`, 'CON', '', 'x'];
  for (const [index, content] of CONTENTS.entries())
    store(sink, makeHead({ index, url: `http://h/${encodeURIComponent(names[index] ?? '')}` }), content);
  sink.close();
  writeFileSync(join(root, 'plain.tar'), zstdDecompressSync(readFileSync(file)));
  execFileSync('tar', ['-xf', 'plain.tar', '--warning=no-unknown-keyword'], { cwd: root });
  const unpacked = readdirSync(join(root, '00000')).sort();
  assert.deepEqual(unpacked, ['0-a.txt', `1-${'ü'.repeat(98)}.bin`, '2-CON_', '3-index', '4-x']);
  for (const [index, content] of CONTENTS.entries())
    assert.deepEqual(readFileSync(join(root, '00000', unpacked[index] ?? '')), content);
});

test('segments roll by size, between records, and each is whole by itself', (t) => {
  const root = scratchDirectory(t);
  const file = join(root, 'out.ndjson.gz');
  const sinks = [0, 1].map((worker) =>
    openSink(makeSpec(file, { compression: 'gzip', segmentBytes: 1000 }), worker),
  );
  const body = Buffer.from(Array.from({ length: 400 }, (_, n) => hash('sha256', String(n))).join(''));
  for (let index = 0; index < 6; index++) {
    const sink = sinks[index % 2];
    assert.ok(sink);
    store(sink, makeHead({ index }), body);
  }
  for (const sink of sinks) sink.close();
  const files = readdirSync(root).filter((name) => name.endsWith('.gz'));
  assert.deepEqual(files.sort(), [
    'out.ndjson.gz',
    'out.s1.ndjson.gz',
    'out.s2.ndjson.gz',
    'out.w1.ndjson.gz',
    'out.w1.s1.ndjson.gz',
    'out.w1.s2.ndjson.gz',
  ]);
  const indexes = files.map(
    (name) => (JSON.parse(gunzipSync(readFileSync(join(root, name))).toString()) as Line).index,
  );
  assert.deepEqual(
    indexes.sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5],
  );
  assert.equal(segmentFile('/d/out', 1, 2), '/d/out.w1.s2');
});

test('an output that exists is never overwritten', (t) => {
  const file = join(scratchDirectory(t), 'out.ndjson');
  writeFileSync(file, 'mine');
  const sink = openSink(makeSpec(file), 0);
  assert.throws(() => store(sink, makeHead(), Buffer.from('x')), {
    code: 'ERR_SINK',
    message: /out\.ndjson/u,
  });
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

test('a body that is discarded leaves neither a record nor a temporary file', (t) => {
  const file = join(scratchDirectory(t), 'out.ndjson');
  const sink = openSink(makeSpec(file), 0);
  const body = sink.begin(makeHead());
  body.write(Buffer.alloc(300_000));
  // Each worker's temporary files lie in a directory of its own, which goes with the run.
  const files = () => readdirSync(join(dirname(file), 'w0'));
  assert.equal(files().length, 1);
  body.discard();
  sink.close();
  assert.deepEqual([readdirSync(dirname(file)), files()], [['w0'], []]);
});

test('discard measures and hashes, and keeps nothing', () => {
  const sink = openSink({ kind: 'discard' }, 0);
  for (const content of CONTENTS) {
    const { bytes, sha256, stored } = store(sink, makeHead(), content);
    assert.equal(bytes, content.length);
    assert.equal(sha256, hash('sha256', content));
    assert.equal(stored.path, '');
  }
  sink.close();
});
