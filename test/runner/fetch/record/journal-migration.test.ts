import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { OkOutcome, Outcome } from '../../../../src/model/outcome.ts';
import { Journal } from '../../../../src/runner/fetch/record/journal.ts';
import { FORMAT_VERSION, SCHEMA } from '../../../../src/runner/fetch/record/journal-format.ts';
import { JournalReader } from '../../../../src/runner/fetch/record/journal-reader.ts';
import { scratchDirectory } from '../../../helpers/scratch.ts';

const IDENTITY = { 'source 1': 'a' };

/** The tables as the first format had them. */
const FIRST_FORMAT = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE outcomes (
    idx INTEGER PRIMARY KEY, class TEXT NOT NULL, url TEXT NOT NULL, line INTEGER NOT NULL,
    status INTEGER, attempts INTEGER, duration_us INTEGER, bytes INTEGER, wire_bytes INTEGER, sha256 BLOB,
    final_url TEXT, path TEXT, offset_bytes INTEGER, stored_bytes INTEGER, is_renamed INTEGER, detail TEXT
  );
  CREATE INDEX failed ON outcomes (idx) WHERE detail IS NOT NULL;
  CREATE TABLE tally (
    class TEXT PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL, stored_bytes INTEGER NOT NULL,
    renamed INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE sessions (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, version TEXT NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT, ended TEXT NOT NULL, settled_before INTEGER NOT NULL
  );
  CREATE TABLE pages (
    source INTEGER, number INTEGER, contents TEXT NOT NULL, PRIMARY KEY (source, number)
  ) WITHOUT ROWID;
  PRAGMA application_id = 1936750442;
  PRAGMA user_version = 1;
  INSERT INTO meta VALUES ('fingerprint', '${JSON.stringify(IDENTITY)}'), ('command', 'null'), ('state', '"stopped"'),
    ('sink', '"directory"'), ('targetCount', 'null'), ('createdAt', '"2026-01-01T00:00:00.000Z"'), ('hadLogins', 'false');
  INSERT INTO outcomes (idx, class, url, line, status, attempts, duration_us, bytes, sha256, final_url, path,
      offset_bytes, is_renamed)
    VALUES (0, 'ok', 'http://h/0', 1, 200, 2, 1500, 7, x'${'ab'.repeat(32)}', 'http://h/there', 'a', 0, 0);
  INSERT INTO outcomes (idx, class, url, line, status, attempts, duration_us, detail)
    VALUES (1, 'dns', 'http://h/1', 2, 0, 4, 20, 'no such host');
  INSERT INTO outcomes (idx, class, url, line) VALUES (2, 'duplicate', 'http://h/0', 3);
  INSERT INTO tally VALUES ('ok', 1, 7, 7, 0), ('dns', 1, 0, 0, 0), ('duplicate', 1, 0, 0, 0);
`;

const KEPT: readonly Outcome[] = [
  {
    kind: 'ok',
    index: 0,
    url: 'http://h/0',
    line: 1,
    status: 200,
    bytes: 7,
    sha256: 'ab'.repeat(32),
    wireBytes: 7,
    attempts: 2,
    durationMs: 1.5,
    finalUrl: 'http://h/there',
    stored: { path: 'a', offsetBytes: 0, storedBytes: 7, isRenamed: false },
  },
  {
    kind: 'failed',
    index: 1,
    url: 'http://h/1',
    line: 2,
    code: 'dns',
    detail: 'no such host',
    status: 0,
    attempts: 4,
    durationMs: 0.02,
  },
  { kind: 'skipped', index: 2, url: 'http://h/0', line: 3, reason: 'duplicate' },
];

const NEXT: OkOutcome = {
  ...(KEPT[0] as OkOutcome),
  index: 3,
  etag: '"e"',
  lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT',
  contentType: 'text/plain',
  redirects: 2,
};

function makeFirst(t: TestContext): string {
  const directory = scratchDirectory(t);
  using db = new DatabaseSync(join(directory, 'journal.db'));
  db.exec(FIRST_FORMAT);
  return directory;
}

const goOn = (directory: string) =>
  new Journal({
    directory,
    identity: IDENTITY,
    command: null,
    sink: 'directory',
    kind: 'resume',
    version: '2',
  });

/** Name, type and order of every column, and every index. */
function shapeOf(file: string): unknown[] {
  using db = new DatabaseSync(file, { readOnly: true });
  return db
    .prepare(
      `SELECT t.name AS "table", c.name, c.type, c."notnull", c.pk FROM sqlite_schema t, pragma_table_info(t.name) c
       ORDER BY t.name, c.cid`,
    )
    .all();
}

test('a journal of the first format is read as it is, without a write', (t) => {
  const directory = makeFirst(t);
  using reader = new JournalReader(directory);
  assert.deepEqual([...reader.outcomes()], KEPT);
  assert.deepEqual([...reader.outcomes({ kind: 'failed' })], KEPT.slice(1, 2));
  assert.equal(reader.counts().settled, 3);
});

test('a session that goes on with a journal of the first format brings it to that of today, with all it had', (t) => {
  const directory = makeFirst(t);
  {
    using journal = goOn(directory);
    assert.equal(journal.nextIndex, 3);
    journal.add([NEXT]);
    journal.finish('done', 4);
  }
  using reader = new JournalReader(directory);
  assert.deepEqual([...reader.outcomes()], [...KEPT, NEXT]);
  assert.equal(reader.counts().ok, 2);
  {
    using db = new DatabaseSync(reader.file, { readOnly: true });
    assert.deepEqual({ ...db.prepare('PRAGMA user_version').get() }, { user_version: FORMAT_VERSION });
  }
  const fresh = join(scratchDirectory(t), 'fresh.db');
  new DatabaseSync(fresh).exec(SCHEMA);
  assert.deepEqual(shapeOf(reader.file), shapeOf(fresh), 'the tables are those of a new journal');
  using _again = goOn(directory);
});

test('a journal of a later format is refused with a sentence, by who writes and by who reads, and stays as it is', (t) => {
  const directory = makeFirst(t);
  const file = join(directory, 'journal.db');
  {
    using db = new DatabaseSync(file);
    db.exec(`PRAGMA user_version = ${FORMAT_VERSION + 1}`);
  }
  const refusal = {
    code: 'ERR_JOURNAL',
    message: /a later version of this program writes: go on with that version/u,
  };
  assert.throws(() => goOn(directory), refusal);
  assert.throws(() => new JournalReader(directory), refusal);
  using db = new DatabaseSync(file, { readOnly: true });
  assert.deepEqual({ ...db.prepare('PRAGMA user_version').get() }, { user_version: FORMAT_VERSION + 1 });
});
