import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { FAILURE_CODES } from '../../../../src/model/errors.ts';
import type { PartialBody } from '../../../../src/model/body/partial-body.ts';
import type { FailedOutcome, OkOutcome, Outcome } from '../../../../src/model/outcome.ts';
import { Journal } from '../../../../src/runner/fetch/record/journal.ts';
import { hasJournal, JournalReader } from '../../../../src/runner/fetch/record/journal-reader.ts';
import { isRunLive } from '../../../../src/runner/fetch/record/run-lock.ts';
import { scratchDirectory } from '../../../helpers/scratch.ts';

function open(directory: string, identity: Readonly<Record<string, string>> = { 'source 1': 'a' }): Journal {
  return new Journal({
    directory,
    identity,
    command: null,
    sink: 'directory',
    kind: 'fetch',
    version: '1',
  });
}

function okAt(index: number): OkOutcome {
  return {
    kind: 'ok',
    index,
    url: `http://h/${index}`,
    line: index + 1,
    status: 200,
    bytes: index,
    sha256: index.toString(16).padStart(64, '0'),
    wireBytes: index,
    attempts: 1,
    durationMs: 1.5,
    stored: { path: `f/${index}`, offsetBytes: 0, storedBytes: index, isRenamed: false },
  };
}

function failedAt(index: number): FailedOutcome {
  return {
    kind: 'failed',
    index,
    url: `http://h/${index}`,
    line: index + 1,
    code: 'dns',
    detail: 'no such host',
    status: 0,
    attempts: 4,
    durationMs: 20,
  };
}

const oks = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => okAt(from + at));
const read = (directory: string) => {
  using reader = new JournalReader(directory);
  return { counts: reader.counts(), outcomes: [...reader.outcomes()], meta: reader.meta() };
};

const settled = { line: fc.nat(), url: fc.webUrl() };
const count = fc.integer({ min: 0, max: 2 ** 44 });
const field = fc.string({ unit: 'binary-ascii', maxLength: 1024 }).map((text) => text.replaceAll('\0', ''));
const facts = { etag: field, lastModified: field, contentType: field };
const anyOutcome = fc.oneof(
  fc.record(
    {
      kind: fc.constant('ok' as const),
      ...settled,
      status: fc.integer({ min: 200, max: 299 }),
      bytes: count,
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/u),
      wireBytes: count,
      attempts: fc.integer({ min: 1, max: 1000 }),
      durationMs: fc.nat().map((us) => us / 1000),
      finalUrl: fc.webUrl(),
      redirects: fc.integer({ min: 1, max: 100 }),
      ...facts,
      stored: fc.record({
        path: fc.string().map((text) => text.replaceAll(/[\p{Cc}/]/gu, '_').replace(/^\.+$/u, '')),
        offsetBytes: count,
        storedBytes: count,
        isRenamed: fc.boolean(),
      }),
    },
    {
      requiredKeys: [
        'kind',
        'line',
        'url',
        'status',
        'bytes',
        'sha256',
        'wireBytes',
        'attempts',
        'durationMs',
        'stored',
      ],
    },
  ),
  fc.record(
    {
      kind: fc.constant('failed' as const),
      ...settled,
      code: fc.constantFrom(...FAILURE_CODES),
      detail: fc.string({ unit: 'binary' }).map((text) => text.toWellFormed().replaceAll('\0', '')),
      status: fc.integer({ min: 0, max: 599 }),
      attempts: fc.nat(1000),
      durationMs: fc.nat().map((us) => us / 1000),
      finalUrl: fc.webUrl(),
      redirects: fc.integer({ min: 1, max: 100 }),
    },
    {
      requiredKeys: ['kind', 'line', 'url', 'code', 'detail', 'status', 'attempts', 'durationMs'],
    },
  ),
  fc.record({
    kind: fc.constant('skipped' as const),
    ...settled,
    reason: fc.constantFrom('duplicate' as const, 'drift' as const),
  }),
);

test('what is written comes back as it was, whatever it is', (t) => {
  const directory = scratchDirectory(t);
  let next = 0;
  using journal = open(directory);
  using reader = new JournalReader(directory);
  fc.assert(
    fc.property(fc.array(anyOutcome, { minLength: 1, maxLength: 20 }), (group) => {
      const from = next;
      const outcomes = group.map(
        (outcome) => JSON.parse(JSON.stringify({ ...outcome, index: next++ })) as Outcome,
      );
      journal.add(outcomes);
      assert.deepEqual([...reader.outcomes({ from })], outcomes);
    }),
    { numRuns: 50 },
  );
  const all = [...reader.outcomes()];
  const { ok, failed, skipped, settled: total } = reader.counts();
  assert.deepEqual([all.length, ok + failed + skipped], [total, total]);
  const failures = [...reader.outcomes({ kind: 'failed' })];
  assert.deepEqual(
    failures,
    all.filter((outcome) => outcome.kind === 'failed'),
  );
});

test('outcomes come in the order of their index, over many reads, however they were settled', (t) => {
  const directory = scratchDirectory(t);
  using journal = open(directory);
  const shuffled = oks(0, 3000).toSorted((a, b) => a.sha256.slice(-3).localeCompare(b.sha256.slice(-3)));
  for (let start = 0; start < 3000; start += 64)
    journal.add(shuffled.slice(start, start + 64).filter(({ index }) => index !== 2900));
  using reader = new JournalReader(directory);
  assert.deepEqual(
    [...reader.outcomes()].map(({ index }) => index),
    oks(0, 3000)
      .map(({ index }) => index)
      .filter((index) => index !== 2900),
  );
  assert.deepEqual([...reader.lastWords()].length, 2999);
  assert.equal(reader.settledUpTo(), 2900);
  assert.equal(reader.nextIndex(), 3000);
});

test('a target that is settled twice in one session is a bug, and nothing of its group is kept', (t) => {
  const directory = scratchDirectory(t);
  using journal = open(directory);
  journal.add(oks(0, 10));
  assert.throws(() => journal.add([okAt(10), okAt(3)]), { code: 'ERR_BUG' });
  assert.equal(journal.counts.settled, 10);
  journal.add([okAt(10)]);
  assert.equal(journal.counts.settled, 11);
});

test('a later session replaces outcomes, and the counts follow', (t) => {
  const directory = scratchDirectory(t);
  {
    using journal = open(directory);
    journal.add([okAt(0), failedAt(1), failedAt(2)]);
    journal.finish('done', 3);
  }
  using journal = open(directory);
  assert.deepEqual([journal.isContinued, journal.wasDone, journal.nextIndex], [true, true, 3]);
  journal.add([okAt(1)]);
  const { ok, failed, bytes, failures } = journal.counts;
  assert.deepEqual([ok, failed, bytes, failures], [2, 1, 1, { dns: 1 }]);
});

test('one process a run; its lock goes with it', (t) => {
  const directory = scratchDirectory(t);
  assert.equal(isRunLive(directory), false);
  {
    using _journal = open(directory);
    assert.equal(isRunLive(directory), true);
    assert.throws(() => open(directory), { code: 'ERR_RUN_LIVE' });
  }
  assert.equal(isRunLive(directory), false);
  using journal = open(directory);
  assert.equal(journal.sessions.length, 2);
});

test('a run of another source or other options is refused, with everything that differs', (t) => {
  const directory = scratchDirectory(t);
  open(directory, { 'source 1': 'a', '--name': '{index}' })[Symbol.dispose]();
  assert.throws(
    () => open(directory, { 'source 1': 'b', '--dedupe': 'of 5' }),
    (error: Error) => {
      assert.match(error.message, /^source 1: expected "a".*found "b"/mu);
      assert.match(error.message, /^--name: expected "\{index\}".*found none/mu);
      assert.match(error.message, /^--dedupe: expected none.*found "of 5"/mu);
      return true;
    },
  );
  open(directory, { 'source 1': 'a', '--name': '{index}' })[Symbol.dispose]();
});

/** A journal as a killed process leaves it: 64 rows a transaction, the log not folded in. */
function leaveBehind(t: TestContext, rowCount: number): string {
  const from = join(scratchDirectory(t), 'live');
  const to = scratchDirectory(t);
  using journal = open(from);
  for (let start = 0; start < rowCount; start += 64) journal.add(oks(start, Math.min(rowCount, start + 64)));
  for (const name of ['journal.db', 'journal.db-wal']) copyFileSync(join(from, name), join(to, name));
  return to;
}

test('a log that was torn is cut back to its last whole transaction, and counts are those of the rows', (t) => {
  for (const tornBytes of [1, 100, 4096, 20_000, 100_000]) {
    const directory = leaveBehind(t, 3000);
    const log = join(directory, 'journal.db-wal');
    truncateSync(log, statSync(log).size - tornBytes);
    using journal = open(directory);
    const { settled: found } = journal.counts;
    assert.ok(found < 3000 && found > 1500, `${found} rows after ${tornBytes} bytes were lost`);
    assert.equal(found % 64, 0);
    using reader = new JournalReader(directory);
    assert.deepEqual([...reader.outcomes()], oks(0, found));
  }
});

test('garbage in the log ends it there', (t) => {
  const directory = leaveBehind(t, 3000);
  const log = join(directory, 'journal.db-wal');
  const bytes = readFileSync(log);
  bytes.fill(0x5a, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 500);
  writeFileSync(log, bytes);
  using journal = open(directory);
  const { settled: found } = journal.counts;
  assert.ok(found > 500 && found < 2500, `${found} rows`);
  using reader = new JournalReader(directory);
  assert.deepEqual([...reader.outcomes()], oks(0, found));
});

function makeWhole(t: TestContext): { directory: string; file: string } {
  const directory = scratchDirectory(t);
  using journal = open(directory);
  for (let start = 0; start < 3000; start += 64) journal.add(oks(start, Math.min(3000, start + 64)));
  journal.finish('stopped', null);
  return { directory, file: journal.file };
}

test('a journal that is cut off, has a page of garbage, or lost rows is refused and not counted from', (t) => {
  const cut = makeWhole(t);
  truncateSync(cut.file, Math.floor(statSync(cut.file).size / 2));
  assert.throws(() => open(cut.directory), { code: 'ERR_JOURNAL', message: /damaged/u });

  const spoilt = makeWhole(t);
  const bytes = readFileSync(spoilt.file);
  bytes.fill(0x5a, bytes.length - 4096);
  writeFileSync(spoilt.file, bytes);
  assert.throws(() => open(spoilt.directory), { code: 'ERR_JOURNAL' });

  const changed = makeWhole(t);
  {
    using db = new DatabaseSync(changed.file);
    db.exec('DELETE FROM outcomes WHERE idx = 77');
  }
  assert.throws(() => open(changed.directory), {
    code: 'ERR_JOURNAL',
    message: /its counts are not those of its rows/u,
  });
});

test('what is no journal of this format is refused, and an empty file is a new one', (t) => {
  const directory = scratchDirectory(t);
  writeFileSync(
    join(directory, 'journal.db'),
    'just a text, longer than the head of a database\n'.repeat(100),
  );
  assert.throws(() => open(directory), { code: 'ERR_JOURNAL' });
  assert.throws(() => new JournalReader(directory), { code: 'ERR_JOURNAL' });

  const other = scratchDirectory(t);
  {
    using db = new DatabaseSync(join(other, 'journal.db'));
    db.exec('CREATE TABLE theirs (a)');
  }
  assert.throws(() => open(other), { code: 'ERR_JOURNAL', message: /expected the journal of a run/u });

  const later = makeWhole(t);
  {
    using db = new DatabaseSync(later.file);
    db.exec('PRAGMA user_version = 99');
  }
  assert.throws(() => open(later.directory), {
    code: 'ERR_JOURNAL',
    message: /format 1 to \d+, found 99, which a later version of this program writes/u,
  });

  const empty = scratchDirectory(t);
  writeFileSync(join(empty, 'journal.db'), '');
  using journal = open(empty);
  assert.equal(journal.isContinued, false);
});

test('a journal has its name only when it is whole: what a process left that died meanwhile is no run', (t) => {
  const directory = scratchDirectory(t);
  const part = join(directory, 'journal.db.part');
  writeFileSync(part, 'the first page of one');
  writeFileSync(`${part}-journal`, 'what it would roll back');
  assert.equal(hasJournal(directory), false);
  using journal = open(directory);
  assert.deepEqual([journal.isContinued, journal.counts.settled], [false, 0]);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.includes('.part')),
    [],
  );
  using reader = new JournalReader(directory);
  assert.equal(reader.meta().state, 'running');
});

test('a body that is begun comes back, and is kept under the names that journals have', (t) => {
  const directory = scratchDirectory(t);
  const partial: PartialBody = {
    resource: 'http://h/large',
    validator: '"a"',
    totalBytes: 9_000_000,
    facts: { etag: '"a"' },
    file: 'w0/3-0123abcd-0',
    head: {
      finalUrl: 'http://h/large',
      status: 200,
      statusText: 'OK',
      headers: [],
      disposition: null,
      receivedAtMs: 1,
    },
  };
  {
    using journal = open(directory);
    journal.keepPartial(3, partial);
    assert.deepEqual([...journal.partials()], [[3, partial]]);
  }
  using db = new DatabaseSync(join(directory, 'journal.db'));
  const row = db.prepare('SELECT idx, contents FROM partials').get() as { idx: number; contents: string };
  const { resource, ...rest } = partial;
  assert.deepEqual([row.idx, JSON.parse(row.contents)], [3, { place: resource, ...rest }]);
});

test('reading a journal that nobody works at leaves no trace', (t) => {
  const { directory } = makeWhole(t);
  const before = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mtimeMs]);
  const { counts, outcomes, meta } = read(directory);
  assert.deepEqual([counts.ok, outcomes.length, meta.state], [3000, 3000, 'stopped']);
  const after = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mtimeMs]);
  assert.deepEqual(after, before);
});
