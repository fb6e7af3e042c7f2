import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { OkOutcome, Outcome } from '../../../../src/model/outcome.ts';
import type { VerifyReport } from '../../../../src/model/verify-report.ts';
import { type VerifyOptions, verifyRuns } from '../../../../src/runner/fetch/verify/verify.ts';
import { scratchDirectory } from '../../../helpers/scratch.ts';
import { type StoredBody, storeRun } from './stored-run.ts';

const SINKS = [
  'out',
  'out.ndjson',
  'out.ndjson.gz',
  'out.JSONL.GZ',
  'out.warc',
  'out.warc.gz',
  'out.tar',
  'out.tar.zst',
];

const bodiesOf = (count: number, from = 0): StoredBody[] =>
  Array.from({ length: count }, (_, at) => ({
    index: from + at,
    url: `http://h/${from + at}`,
    content: Buffer.from(`body of ${from + at}\n`),
  }));

async function verify(
  path: string | readonly string[],
  changes: Partial<VerifyOptions> = {},
): Promise<VerifyReport> {
  const paths = typeof path === 'string' ? [path] : path;
  return (await verifyRuns({ paths, manifestFile: null, certificateFile: null, ...changes })).report;
}

function failed(index: number): Outcome {
  return {
    kind: 'failed',
    index,
    url: `http://h/${index}`,
    line: 0,
    code: 'dns',
    detail: 'no such host',
    status: 0,
    attempts: 1,
    durationMs: 1,
  };
}

test('the certificate is the same whatever the sink, its segments, the workers and the order', async (t) => {
  const bodies = bodiesOf(50);
  const digests = new Set<string>();
  for (const [at, sink] of SINKS.entries()) {
    const to = join(scratchDirectory(t), sink);
    storeRun({
      to,
      bodies: at % 2 === 0 ? bodies : bodies.toReversed(),
      workerCount: 1 + (at % 3),
      segmentBytes: 2000,
    });
    const report = await verify(to);
    assert.deepEqual(report.problems, [], sink);
    assert.ok(report.isComplete, sink);
    digests.add(JSON.stringify(report.certificate));
    const file = sink === 'out' ? join(to, '.spillway', 'certificate.json') : `${to}.run/certificate.json`;
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), report.certificate);
  }
  assert.equal(digests.size, 1);
});

test('one other byte, length or target is another digest', async (t) => {
  const digestOf = async (bodies: StoredBody[]) => {
    const to = join(scratchDirectory(t), 'out');
    storeRun({ to, bodies });
    return (await verify(to)).certificate.digest;
  };
  const body = (url: string, text: string): StoredBody => ({ index: 0, url, content: Buffer.from(text) });
  const digests = await Promise.all(
    [
      [body('http://h/a', 'x')],
      [body('http://h/a', 'y')],
      [body('http://h/b', 'x')],
      [body('http://h/a', 'xx')],
      [body('http://h/a', 'x'), { ...body('http://h/a', 'x'), index: 1 }],
    ].map(digestOf),
  );
  assert.equal(new Set(digests).size, digests.length);
});

test('parts of a list, in different sinks, have together the certificate of the whole', async (t) => {
  const root = scratchDirectory(t);
  storeRun({ to: join(root, 'whole'), bodies: bodiesOf(30) });
  storeRun({ to: join(root, 'a.tar'), bodies: bodiesOf(11) });
  storeRun({ to: join(root, 'b'), bodies: bodiesOf(19, 11) });
  const whole = await verify(join(root, 'whole'));
  const parts = await verify([join(root, 'b'), join(root, 'a.tar')]);
  assert.deepEqual(parts.certificate, whole.certificate);
  await assert.rejects(verify([join(root, 'b'), join(root, 'b', '.spillway'), root]), {
    code: 'ERR_OPTION',
    message: /twice[^]*expected what --to was/u,
  });
});

test('the digest is what sort and sha256sum make of a directory, and of the manifests of parts', async (t) => {
  const root = scratchDirectory(t);
  storeRun({ to: join(root, 'out'), bodies: bodiesOf(120) });
  storeRun({ to: join(root, 'a.warc.gz'), bodies: bodiesOf(70) });
  storeRun({ to: join(root, 'b.ndjson'), bodies: bodiesOf(50, 70) });
  const { digest } = (await verify(join(root, 'out'), { manifestFile: join(root, 'whole.tsv') })).certificate;
  // The very commands of the page.
  const page = readFileSync(new URL('../../../../docs/verify.md', import.meta.url), 'utf8');
  const script = /^ {4}(cd out &&[^]*?)\n\n/mu.exec(page)?.[1] ?? '';
  const merge = /^ {4}(LC_ALL=C sort -m .*)$/mu.exec(page)?.[1] ?? '';
  const run = (text: string) => execFileSync('sh', ['-c', text], { cwd: root, encoding: 'utf8' }).trim();
  assert.equal(run(script), `${digest.slice('sha256:'.length)}  -`);
  await verify(join(root, 'a.warc.gz'), { manifestFile: join(root, 'a.tsv') });
  await verify(join(root, 'b.ndjson'), { manifestFile: join(root, 'b.tsv') });
  assert.equal(run(merge), `${digest.slice('sha256:'.length)}  -`);
  assert.equal(run('LC_ALL=C sort -c whole.tsv && wc -l < whole.tsv'), '120');
});

test('in a directory, changed, torn, missing and strange files are each found and named', async (t) => {
  const to = join(scratchDirectory(t), 'out');
  storeRun({ to, bodies: bodiesOf(20) });
  writeFileSync(join(to, '3'), 'body of 4\n');
  truncateSync(join(to, '5'), 3);
  rmSync(join(to, '7'));
  writeFileSync(join(to, 'mine'), '');
  const report = await verify(to);
  assert.deepEqual(report.counts, { changed: 1, torn: 1, missing: 1, stranger: 1 });
  assert.deepEqual([report.right, report.isComplete, report.certificate.ok], [17, false, 17]);
  assert.ok(
    report.problems.some(({ path, detail }) => path === '5' && detail.includes('expected 10 bytes, found 3')),
  );
});

/** What may have happened to a segment, and how it is called. */
const DAMAGES: readonly [name: string, damage: (file: string) => void, kind: string][] = [
  ['a missing segment', (file) => rmSync(file), 'missing'],
  ['a torn end', (file) => truncateSync(file, readFileSync(file).length - 1700), 'torn'],
  ['bytes after the last record', (file) => appendFileSync(file, Buffer.alloc(700, 'x')), 'stranger'],
  ['a second copy of the segment', (file) => copyFileSync(file, file.replace('out.', 'out.w7.')), 'stranger'],
  [
    'a record that was written over',
    (file) => {
      const bytes = readFileSync(file);
      bytes.fill('x', bytes.length >> 1, (bytes.length >> 1) + 40);
      writeFileSync(file, bytes);
    },
    'torn',
  ],
];

for (const sink of SINKS.slice(1))
  for (const [name, damage, kind] of DAMAGES)
    test(`in ${sink}, ${name} is found`, async (t) => {
      const to = join(scratchDirectory(t), sink);
      storeRun({ to, bodies: bodiesOf(40) });
      damage(to);
      const report = await verify(to);
      assert.equal(report.isComplete, false);
      const found = Object.keys(report.counts);
      // A torn header or a changed body: either way it is not what was recorded.
      const isNamed =
        found.includes(kind) || (kind === 'torn' && (found.includes('changed') || found.includes('missing')));
      assert.ok(isNamed, JSON.stringify(report.counts));
    });

for (const [from, to, kind] of [
  ['WARC-Type: response', 'WARC-Type: revision', 'torn'],
  ['WARC-Type: warcinfo', 'WARC-Type: metadata', 'stranger'],
  ['Content-Type: application/http', 'Content-Type: application/htto', 'torn'],
  ['WARC-Filename: out.warc', 'WARC-Filename: old.warc', 'stranger'],
] as const)
  test(`in a WARC, "${from}" that became "${to}" is found`, async (t) => {
    const file = join(scratchDirectory(t), 'out.warc');
    storeRun({ to: file, bodies: bodiesOf(3) });
    writeFileSync(file, readFileSync(file, 'latin1').replace(from, to), 'latin1');
    const { counts, isComplete } = await verify(file);
    assert.deepEqual([counts, isComplete], [{ [kind]: 1 }, false]);
  });

test('a record twice in a segment, one of them journaled, is found', async (t) => {
  const to = join(scratchDirectory(t), 'out.ndjson');
  const [first] = storeRun({ to, bodies: bodiesOf(3) });
  const lines = readFileSync(to);
  appendFileSync(to, lines.subarray(0, first?.stored.storedBytes));
  assert.deepEqual((await verify(to)).counts, { stranger: 1 });
});

test('failures, gaps and runs without an end are not complete; duplicates and drift are', async (t) => {
  const root = scratchDirectory(t);
  const skipped = (index: number, reason: 'duplicate' | 'drift'): Outcome => ({
    kind: 'skipped',
    index,
    url: 'http://h/0',
    line: 0,
    reason,
  });
  const make = async (name: string, others: Outcome[], targetCount?: number | null) => {
    storeRun({
      to: join(root, name),
      bodies: bodiesOf(5),
      others,
      ...(targetCount === undefined ? {} : { targetCount }),
    });
    return await verify(join(root, name));
  };
  const fine = await make('fine', [skipped(5, 'drift'), skipped(6, 'duplicate')]);
  assert.deepEqual([fine.isComplete, fine.expected, fine.right], [true, 7, 5]);
  assert.deepEqual(fine.certificate.skipped, { drift: 1, duplicate: 1 });
  assert.deepEqual((await make('failed', [failed(5)])).counts, { failed: 1 });
  const gap = await make('gap', [], 9);
  assert.deepEqual([gap.counts, gap.expected], [{ gap: 4 }, 9]);
  assert.deepEqual((await make('stopped', [], null)).counts, { gap: 1 });
});

test('two targets that are recorded at one place are a double', async (t) => {
  const to = join(scratchDirectory(t), 'out');
  const [ok] = storeRun({ to: join(scratchDirectory(t), 'other'), bodies: bodiesOf(1) });
  storeRun({ to, bodies: bodiesOf(1), others: [{ ...(ok as OkOutcome), index: 1 }] });
  assert.deepEqual((await verify(to)).counts, { double: 1 });
});

test('a run that kept no bodies is certified by its record, and says so', async (t) => {
  const to = join(scratchDirectory(t), 'out');
  const [ok] = storeRun({ to, bodies: bodiesOf(1) });
  assert.ok(ok);
  const { Journal } = await import('../../../../src/runner/fetch/record/journal.ts');
  const directory = join(scratchDirectory(t), '.spillway');
  const options = {
    directory,
    identity: {},
    command: null,
    sink: 'discard',
    kind: 'fetch',
    version: '0',
  } as const;
  const journal = new Journal(options);
  journal.add([{ ...ok, stored: { path: '', offsetBytes: 0, storedBytes: 0, isRenamed: false } }]);
  journal.finish('done', 1);
  journal[Symbol.dispose]();
  const report = await verify(directory);
  assert.deepEqual([report.isComplete, report.certificate.isReadBack], [true, false]);
  assert.equal(report.certificate.digest, (await verify(to)).certificate.digest);
});

function writeNumbers(t: TestContext, numbers: readonly number[], total: number): string {
  const root = scratchDirectory(t);
  for (const [at, number] of numbers.entries())
    writeFileSync(join(root, `f${at}.txt`), `${number} of ${total}`);
  return root;
}

test('files of "k of n" are checked as a whole, without a record', async (t) => {
  const all = Array.from({ length: 25 }, (_, at) => at + 1);
  assert.ok((await verify(writeNumbers(t, all, 25))).isComplete);
  assert.deepEqual((await verify(writeNumbers(t, all.slice(1), 25))).counts, { gap: 1 });
  assert.deepEqual((await verify(writeNumbers(t, [...all, 3], 25))).counts, { double: 1 });
  assert.deepEqual((await verify(writeNumbers(t, [...all, 26], 25))).counts, { stranger: 1 });
  const root = writeNumbers(t, all, 25);
  writeFileSync(join(root, 'notes'), 'x'.repeat(100));
  assert.deepEqual((await verify(root)).counts, { stranger: 1 });
  await assert.rejects(verify(scratchDirectory(t)), { code: 'ERR_OPTION', message: /found neither/u });
  await assert.rejects(verify(join(root, 'nowhere')), { code: 'ERR_OPTION', message: /found neither at/u });
});

test('a run in a place that may not be written to is audited all the same', async (t) => {
  const root = scratchDirectory(t);
  const to = join(root, 'out');
  storeRun({ to, bodies: bodiesOf(3) });
  chmodSync(join(to, '.spillway'), 0o555);
  // Root may write anywhere: whoever has nothing here looks instead.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chmodSync(root, 0o755);
  if (isRoot) process.seteuid?.(65_534);
  // Given back here and not by a hook: hooks run in the order they were made, and the first removes the place.
  const verified = await verifyRuns({ paths: [to], manifestFile: null, certificateFile: null }).finally(
    () => {
      if (isRoot) process.seteuid?.(0);
      chmodSync(join(to, '.spillway'), 0o700);
    },
  );
  assert.ok(verified.report.isComplete);
  assert.match(verified.unwritten ?? '', /EACCES/u);
  assert.ok(!readdirSync(join(to, '.spillway')).includes('certificate.json'));
});
