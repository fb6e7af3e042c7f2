import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { DirectorySpec, PackedSpec } from '../../../src/model/sink-spec.ts';
import { openSink } from '../../../src/sinks/open-sink.ts';
import { type KnownBody, recoverSink, recoverWorker } from '../../../src/sinks/recover/recover-sink.ts';
import { scratchDirectory } from '../../helpers/scratch.ts';
import { makeHead, store } from '../body-head.ts';

/** A directory as a new run would have it; `root` may hold what a run before has left. */
function directorySpec(root: string): DirectorySpec {
  const partial = join(root, '.spillway', 'partial');
  mkdirSync(partial, { recursive: true });
  return {
    kind: 'directory',
    root,
    partial,
    nameTemplate: null,
    filesPerDirectory: 10_000,
    holdsOthers: readdirSync(root).some((name) => name !== '.spillway'),
    claims: new SharedArrayBuffer(1024 * 1024),
  };
}

function packedSpec(file: string, changes: Partial<PackedSpec>): PackedSpec {
  const partial = `${file}.run/partial`;
  mkdirSync(partial, { recursive: true });
  return {
    kind: 'ndjson',
    file,
    partial,
    compression: 'none',
    segmentBytes: 1e9,
    software: 'spillway/test',
    ...changes,
  };
}

/** Stores bodies `names` of indexes from `first` on; what comes back is what a journal would hold. */
function storeAll(
  spec: DirectorySpec | PackedSpec,
  workerIndex: number,
  bodies: readonly [index: number, name: string, text: string][],
): KnownBody[] {
  const sink = openSink(spec, workerIndex);
  return bodies.map(([index, name, text]) => ({
    index,
    stored: store(sink, makeHead({ index, url: `http://h/${name}` }), Buffer.from(text)).stored,
  }));
}

const filesOf = (root: string) =>
  readdirSync(root)
    .filter((name) => name !== '.spillway' && !name.endsWith('.run'))
    .sort();

test('a file that was never journalled is taken back, and its target gets the same name again', (t) => {
  const root = scratchDirectory(t);
  const bodies: [number, string, string][] = [
    [0, 'a.txt', 'zero'],
    [1, 'b.txt', 'one'],
    [2, 'a.txt', 'two'],
    [3, 'a.txt', 'three'],
  ];
  const stored = storeAll(directorySpec(root), 0, bodies);
  assert.deepEqual(filesOf(root), ['a.txt', 'a~2.txt', 'a~3.txt', 'b.txt']);
  writeFileSync(join(root, '.spillway', 'partial', '77'), 'half a bo');

  const spec = recoverSink(directorySpec(root), [stored[1], stored[3]] as KnownBody[]) as DirectorySpec;
  assert.deepEqual(filesOf(root), ['a~3.txt', 'b.txt']);
  assert.deepEqual(readdirSync(spec.partial), []);
  // In another order than before, and with one more that wants the name.
  const again = storeAll(spec, 1, [
    [9, 'a.txt', 'nine'],
    [2, 'a.txt', 'two'],
    [0, 'a.txt', 'zero'],
  ]);
  assert.deepEqual(
    again.map(({ stored }) => stored.path),
    ['a~9.txt', 'a~2.txt', 'a.txt'],
  );
  assert.equal(readFileSync(join(root, 'a.txt'), 'utf8'), 'zero');
});

test("a stranger's file under a claimed name is neither removed nor overwritten", (t) => {
  const root = scratchDirectory(t);
  storeAll(directorySpec(root), 0, [[0, 'a.txt', 'zero']]);
  writeFileSync(join(root, 'a.txt'), 'mine');
  const spec = recoverSink(directorySpec(root), []) as DirectorySpec;
  const [place] = storeAll(spec, 0, [[0, 'a.txt', 'zero']]);
  assert.equal(place?.stored.path, 'a~0.txt');
  assert.equal(readFileSync(join(root, 'a.txt'), 'utf8'), 'mine');
});

test('a claim that was cut by the death of the process is passed over', (t) => {
  const root = scratchDirectory(t);
  const spec = directorySpec(root);
  storeAll(spec, 0, [[0, 'a.txt', 'zero']]);
  appendFileSync(join(spec.partial, 'claims-0-0'), '{"index":1,"pa');
  recoverSink(directorySpec(root), []);
  assert.deepEqual(filesOf(root), []);
});

test('recovery of a directory may itself be cut short and be done again', (t) => {
  const root = scratchDirectory(t);
  const stored = storeAll(directorySpec(root), 0, [
    [0, 'a', 'zero'],
    [1, 'b', 'one'],
  ]);
  const known = function* (): Generator<KnownBody> {
    yield stored[0] as KnownBody;
    throw new Error('killed');
  };
  assert.throws(() => recoverSink(directorySpec(root), known()), /killed/u);
  recoverSink(directorySpec(root), stored.slice(0, 1));
  assert.deepEqual(filesOf(root), ['a']);
});

const KINDS = [
  ['ndjson', 'none', 'out.ndjson'],
  ['ndjson', 'gzip', 'out.ndjson.gz'],
  ['ndjson', 'zstd', 'out.ndjson.zst'],
  ['warc', 'gzip', 'out.warc.gz'],
  ['tar', 'none', 'out.tar'],
  ['tar', 'zstd', 'out.tar.zst'],
] as const;

/** Everything in all segments, decoded and joined. */
function contentsOf(root: string, compression: PackedSpec['compression']): string {
  const decode = { none: (bytes: Buffer) => bytes, gzip: gunzipSync, zstd: zstdDecompressSync }[compression];
  return filesOf(root)
    .map((name) => decode(readFileSync(join(root, name))).toString('latin1'))
    .join('');
}

function countOf(root: string, compression: PackedSpec['compression'], text: string): number {
  return contentsOf(root, compression).split(text).length - 1;
}

for (const [kind, compression, name] of KINDS)
  test(`${name}: what follows the last journalled record is cut, and the series goes on in whole segments`, (t) => {
    const root = scratchDirectory(t);
    const file = join(root, name);
    const make = () => packedSpec(file, { kind, compression });
    const first = storeAll(make(), 0, [
      [0, 'a', 'body zero'],
      [1, 'b', 'body one'],
      [2, 'c', 'body two'],
    ]);
    const second = storeAll(make(), 1, [[3, 'd', 'body three']]);
    storeAll(make(), 2, [[4, 'e', 'body four']]);
    appendFileSync(file, 'torn');

    const spec = recoverSink(make(), [first[0], first[1], ...second] as KnownBody[]) as PackedSpec;
    assert.deepEqual(spec.firstSegments, [1, 1, 0]);
    const [dot] = [name.indexOf('.')];
    assert.deepEqual(filesOf(root), [name, `out.w1${name.slice(dot)}`].sort());
    const sizes = filesOf(root).map((each) => statSync(join(root, each)).size);
    recoverSink(make(), [first[0], first[1], ...second] as KnownBody[]);
    assert.deepEqual(
      filesOf(root).map((each) => statSync(join(root, each)).size),
      sizes,
      'twice is as once',
    );

    const sink = openSink(spec, 0);
    for (const [index, text] of [
      [2, 'body two'],
      [4, 'body four'],
    ] as const)
      store(sink, makeHead({ index, url: `http://h/${index}` }), Buffer.from(text));
    sink.close();
    openSink(spec, 1).close();
    for (const word of ['zero', 'one', 'two', 'three', 'four'])
      assert.equal(countOf(root, compression, `body ${word}`), 1, word);
    assert.equal(countOf(root, compression, 'torn'), 0);
    if (kind === 'tar') assertUnpacks(root, 5);
  });

/** Each segment is a whole archive for an independent reader. */
function assertUnpacks(root: string, count: number): void {
  let found = 0;
  for (const name of filesOf(root)) {
    const bytes = readFileSync(join(root, name));
    const input = name.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes;
    found += execFileSync('tar', ['-tf', '-'], { input, stdio: ['pipe', 'pipe', 'pipe'] })
      .toString()
      .trim()
      .split('\n').length;
  }
  assert.equal(found, count);
}

test('small segments past the last journalled one are removed, and a stranger among them is passed over', (t) => {
  const root = scratchDirectory(t);
  const file = join(root, 'out.ndjson');
  const make = () => packedSpec(file, { segmentBytes: 1 });
  const stored = storeAll(make(), 0, [
    [0, 'a', 'zero'],
    [1, 'b', 'one'],
    [2, 'c', 'two'],
  ]);
  assert.deepEqual(filesOf(root), ['out.ndjson', 'out.s1.ndjson', 'out.s2.ndjson']);
  const spec = recoverSink(make(), stored.slice(0, 1));
  assert.deepEqual(filesOf(root), ['out.ndjson']);
  writeFileSync(join(root, 'out.s1.ndjson'), 'mine');
  const again = storeAll(spec as PackedSpec, 0, [[1, 'b', 'one']]);
  assert.equal(again[0]?.stored.path, 'out.s2.ndjson');
  assert.equal(readFileSync(join(root, 'out.s1.ndjson'), 'utf8'), 'mine');
});

test('a stranger that stood in the way of the first segment survives every recovery', (t) => {
  const root = scratchDirectory(t);
  const file = join(root, 'out.ndjson');
  writeFileSync(file, 'mine');
  const make = () => packedSpec(file, {});
  assert.throws(() => storeAll(make(), 0, [[0, 'a', 'zero']]), {
    code: 'ERR_SINK',
    message: /not of this run/u,
  });
  recoverSink(make(), []);
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

test('a segment that is shorter than the journal says is refused, not filled up', (t) => {
  const root = scratchDirectory(t);
  const file = join(root, 'out.ndjson');
  const stored = storeAll(packedSpec(file, {}), 0, [
    [0, 'a', 'zero'],
    [1, 'b', 'one'],
  ]);
  truncateSync(file, 10);
  assert.throws(() => recoverSink(packedSpec(file, {}), stored), {
    code: 'ERR_SINK',
    message: /at least \d+ bytes .* found 10/u,
  });
});

test('what a thread that died has shown and not told is taken back while the others go on', (t) => {
  const root = scratchDirectory(t);
  const spec = directorySpec(root);
  storeAll(spec, 0, [
    [0, 'a', 'zero'],
    [1, 'b', 'one'],
  ]);
  storeAll(spec, 1, [[2, 'c', 'two']]);
  const next = recoverWorker(spec, {
    workerIndex: 0,
    last: null,
    isUnsettled: (index) => index === 1,
  }) as DirectorySpec;
  assert.deepEqual(filesOf(root), ['a', 'c']);
  const [again] = storeAll(next, 2, [[1, 'b', 'one']]);
  assert.equal(again?.stored.path, 'b');

  const packed = packedSpec(join(scratchDirectory(t), 'out.ndjson'), {});
  const stored = storeAll(packed, 0, [
    [0, 'a', 'zero'],
    [1, 'b', 'one'],
  ]);
  recoverWorker(packed, { workerIndex: 0, last: stored[0]?.stored ?? null, isUnsettled: () => true });
  assert.equal(countOf(dirname(packed.file), 'none', '"index"'), 1);
  assert.ok(existsSync(packed.partial));
});
