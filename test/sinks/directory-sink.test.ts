import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DirectorySpec } from '../../src/model/sink-spec.ts';
import { openSink } from '../../src/sinks/open-sink.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { makeHead, store } from './body-head.ts';

function makeSpec(root: string, changes: Partial<DirectorySpec> = {}): DirectorySpec {
  const partial = join(root, '.partial');
  mkdirSync(partial, { recursive: true });
  return {
    kind: 'directory',
    root,
    partial,
    nameTemplate: null,
    filesPerDirectory: 10_000,
    holdsOthers: false,
    claims: new SharedArrayBuffer(1024 * 1024),
    ...changes,
  };
}

function listFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('claims-'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

for (const bytes of [0, 10, 65_536, 65_537, 3_000_001])
  test(`a body of ${bytes} bytes becomes a file of the same bytes, with its digest`, (t) => {
    const root = scratchDirectory(t);
    const sink = openSink(makeSpec(root), 0);
    const content = Buffer.alloc(bytes, 'spillway ');
    const { sha256, bytes: length, stored } = store(sink, makeHead(), content);
    sink.close();
    assert.equal(length, bytes);
    assert.equal(sha256, hash('sha256', content));
    assert.deepEqual(stored, { path: 'a.txt', offsetBytes: 0, storedBytes: bytes, isRenamed: false });
    assert.deepEqual(readFileSync(join(root, 'a.txt')), content);
    assert.deepEqual(listFiles(root), ['a.txt']);
  });

for (const [pieceBytes, what] of [
  [3000, 'in one piece'],
  [1000, 'in the piece that was promised, and more'],
  [700, 'in pieces'],
] as const)
  test(`a body that comes ${what} has the digest of all its bytes`, (t) => {
    const sink = openSink(makeSpec(scratchDirectory(t)), 0);
    const content = Buffer.alloc(3000, 'spillway ');
    const expectedBytes = Math.max(1000, pieceBytes);
    const { sha256 } = store(sink, makeHead({ expectedBytes }), content, pieceBytes);
    sink.close();
    assert.equal(sha256, hash('sha256', content));
  });

test('nothing stands under the final name before commit, and nothing stays after discard', (t) => {
  const root = scratchDirectory(t);
  const sink = openSink(makeSpec(root), 0);
  const body = sink.begin(makeHead());
  body.write(Buffer.alloc(200_000));
  assert.deepEqual(
    listFiles(root).filter((path) => !path.startsWith('.partial')),
    [],
  );
  body.discard();
  assert.deepEqual(listFiles(root), []);
});

test('names that differ only in case or in composition get different files, over two workers', (t) => {
  const root = scratchDirectory(t);
  const spec = makeSpec(root);
  const sinks = [openSink(spec, 0), openSink(spec, 1)];
  const paths = ['a.TXT', 'A.txt', 'e%CC%81', '%C3%A9', 'a.txt'].map((name, index) => {
    const sink = sinks[index % 2];
    assert.ok(sink);
    return store(sink, makeHead({ index, url: `http://h/${name}` }), Buffer.from(String(index))).stored;
  });
  assert.deepEqual(
    paths.map(({ path, isRenamed }) => [path, isRenamed]),
    [
      ['a.TXT', false],
      ['A~1.txt', true],
      ['é', false],
      ['é~3', true],
      ['a~4.txt', true],
    ],
  );
  assert.equal(readFileSync(join(root, 'a~4.txt'), 'utf8'), '4');
});

test('a server that guesses the suffix of another name overwrites nothing', (t) => {
  const root = scratchDirectory(t);
  const sink = openSink(makeSpec(root), 0);
  for (const [index, name] of ['a~2.txt', 'a.txt', 'a.txt'].entries())
    store(sink, makeHead({ index, url: `http://h/${name}` }), Buffer.from(String(index)));
  assert.deepEqual(listFiles(root), ['a.txt', 'a~2-1.txt', 'a~2.txt']);
});

test('when the memory for names is full every further name carries its index, and no file is lost', (t) => {
  const root = scratchDirectory(t);
  // Room for seven names, of which five may be used.
  const sink = openSink(makeSpec(root, { claims: new SharedArrayBuffer(64) }), 0);
  for (let index = 0; index < 20; index++)
    store(sink, makeHead({ index, url: `http://h/f${index % 10}` }), Buffer.from(String(index)));
  const contents = listFiles(root).map((path) => Number(readFileSync(join(root, path), 'utf8')));
  assert.deepEqual(
    contents.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, index) => index),
  );
});

test('a file that lay there before is kept', (t) => {
  const root = scratchDirectory(t);
  writeFileSync(join(root, 'a.txt'), 'mine');
  const sink = openSink(makeSpec(root, { holdsOthers: true }), 0);
  const { stored } = store(sink, makeHead({ index: 3 }), Buffer.from('theirs'));
  assert.equal(stored.path, 'a~3.txt');
  assert.equal(readFileSync(join(root, 'a.txt'), 'utf8'), 'mine');
});

test('past the limit of a directory, sub-directories take the rest, and no body takes their names', (t) => {
  const root = scratchDirectory(t);
  const sink = openSink(makeSpec(root, { filesPerDirectory: 2 }), 0);
  for (const [index, name] of ['part-00001', 'b', 'c', 'd', 'e'].entries())
    store(sink, makeHead({ index, url: `http://h/${name}` }), Buffer.from(name));
  assert.deepEqual(
    listFiles(root),
    ['b', 'part-00001/c', 'part-00001/d', 'part-00002/e', 'part-00001~0'].sort(),
  );
});

for (const hostile of ['../../x', '..%2f..%2fx', '%2e%2e%5cx', 'C:%5cx', '%00', '/etc/passwd'])
  test(`a Content-Disposition of ${hostile} stays inside the directory`, (t) => {
    const parent = scratchDirectory(t);
    const root = join(parent, 'inner', 'deep');
    mkdirSync(root, { recursive: true });
    const sink = openSink(makeSpec(root), 0);
    const value = `attachment; filename*=UTF-8''${hostile}; filename="${hostile}"`;
    store(sink, makeHead({ headers: [['content-disposition', value]] }), Buffer.from('x'));
    store(sink, makeHead({ index: 1, url: `http://h/${hostile}` }), Buffer.from('x'));
    const files = listFiles(parent);
    assert.equal(files.length, 2);
    for (const file of files) assert.match(file, /^inner\/deep\/[^/]+$/u);
  });

test('a directory that is gone is an ERR_SINK that says so', (t) => {
  const root = scratchDirectory(t);
  const sink = openSink(makeSpec(root), 0);
  const body = sink.begin(makeHead({ index: 10_000 }));
  writeFileSync(join(root, 'part-00001'), 'in the way');
  body.write(Buffer.from('x'));
  assert.throws(() => body.commit(), { code: 'ERR_SINK', message: /part-00001/u });
  body.discard();
});

test('what others put under a name during the run stays, a dangling link too, and the body takes another name', (t) => {
  const root = scratchDirectory(t);
  const elsewhere = join(scratchDirectory(t), 'not-there');
  const sink = openSink(makeSpec(root), 0);
  writeFileSync(join(root, 'a.txt'), 'precious');
  symlinkSync(elsewhere, join(root, 'a~1.txt'));
  const { stored } = store(sink, makeHead({ index: 1 }), Buffer.from('ours'));
  sink.close();
  assert.deepEqual(stored, { path: 'a~1-1.txt', offsetBytes: 0, storedBytes: 4, isRenamed: true });
  assert.equal(readFileSync(join(root, 'a.txt'), 'utf8'), 'precious');
  assert.equal(readFileSync(join(root, stored.path), 'utf8'), 'ours');
  assert.equal(existsSync(elsewhere), false);
});

test('a file or a link in the way of a directory breaks no run, and no body goes through the link', (t) => {
  const root = scratchDirectory(t);
  const outside = scratchDirectory(t);
  const sink = openSink(makeSpec(root, { nameTemplate: '{stem}/{index}' }), 0);
  writeFileSync(join(root, 'a'), 'precious');
  symlinkSync(outside, join(root, 'b'));
  const first = store(sink, makeHead({ index: 1 }), Buffer.from('one')).stored;
  const second = store(
    sink,
    makeHead({ index: 2, url: 'http://h/b.txt', finalUrl: 'http://h/b.txt' }),
    Buffer.from('two'),
  ).stored;
  sink.close();
  assert.deepEqual([first.path, first.isRenamed], ['a_1', true]);
  assert.deepEqual([second.path, second.isRenamed], ['b_2', true]);
  assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'precious');
  assert.deepEqual(readdirSync(outside), []);
});
