import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import fs, {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, type TestContext, test } from 'node:test';
import { fetchUrls, serve } from '../fetch/fetch-world.ts';
import { Random } from '../helpers/random.ts';
import { runProgram } from '../helpers/program.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const COMMANDS = ['verify', 'status', 'outcomes', 'resume', 'retry'] as const;

/** A run of a few targets, made once. */
const original = mkdtempSync(join(tmpdir(), 'spillway-strange-'));

before(async () => {
  const server = createServer((request, response) => {
    if (request.url === '/4') response.writeHead(404).end();
    else response.end(`body of ${request.url}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const list = join(original, 'list.txt');
  writeFileSync(list, Array.from({ length: 8 }, (_, at) => `${origin}/${at}`).join('\n'));
  const made = await runProgram('fetch', list, '--to', join(original, 'run'), '--quiet').ended;
  assert.equal(made.code, 1, made.stderr);
  server.close().closeAllConnections();
});

after(() => rmSync(original, { recursive: true, force: true }));

/** A copy of that run, to be spoilt, beside a directory that nothing may touch. */
function makeWorld(t: TestContext) {
  const base = scratchDirectory(t);
  cpSync(join(original, 'run'), join(base, 'run'), { recursive: true });
  const outside = join(base, 'outside');
  mkdirSync(join(outside, 'sub'), { recursive: true });
  for (const name of ['certificate.json', 'report.json', 'secret', 'sub/secret'])
    writeFileSync(join(outside, name), 'precious');
  const print = () =>
    JSON.stringify(
      readdirSync(outside, { recursive: true })
        .map(String)
        .toSorted((a, b) => a.localeCompare(b))
        .map((name) => [
          name,
          lstatSync(join(outside, name)).isFile() && readFileSync(join(outside, name), 'utf8'),
        ]),
    );
  return { base, outside, print };
}

type Spoil = (run: string, outside: string) => void;

const record = (run: string, name: string) => join(run, '.spillway', name);

function alter(sql: string): Spoil {
  return (run) => {
    const db = new DatabaseSync(record(run, 'journal.db'), { defensive: false });
    db.exec(sql);
    db.close();
  };
}

function link(name: string, target: string): Spoil {
  return (run, outside) => {
    rmSync(join(run, name), { recursive: true, force: true });
    symlinkSync(join(outside, target), join(run, name));
  };
}

const SPOILS: Readonly<Record<string, Spoil>> = {
  'a certificate that is a link': link('.spillway/certificate.json', 'certificate.json'),
  'a report that is a link': link('.spillway/report.json', 'report.json'),
  'half a report that is a link': link('.spillway/report.json.part', 'report.json'),
  'half a list of failures that is a link': link('.spillway/failures.ndjson.part', 'secret'),
  'a directory for bodies on their way that is a link': link('.spillway/partial', 'sub'),
  'a record that is a link': (run, outside) => {
    renameSync(join(run, '.spillway'), join(outside, '..', 'moved'));
    symlinkSync(join(outside, '..', 'moved'), join(run, '.spillway'));
  },
  'a journal that is a link': link('.spillway/journal.db', 'secret'),
  'a lock that is a link': link('.spillway/lock.db', 'secret'),
  'a log that is a link': link('.spillway/journal.db-wal', 'secret'),
  'a body that is a link': link('1', 'secret'),
  'a journal that is a pipe': (run) => {
    rmSync(record(run, 'journal.db'));
    execFileSync('/usr/bin/mkfifo', [record(run, 'journal.db')]);
  },
  'a lock that is a pipe': (run) => {
    rmSync(record(run, 'lock.db'), { force: true });
    execFileSync('/usr/bin/mkfifo', [record(run, 'lock.db')]);
  },
  'a body that is a pipe': (run) => {
    rmSync(join(run, '2'));
    execFileSync('/usr/bin/mkfifo', [join(run, '2')]);
  },
  'a body without end': (run) => {
    rmSync(join(run, '2'));
    symlinkSync('/dev/zero', join(run, '2'));
  },
  'intents that lead out of the run': (run, outside) => {
    mkdirSync(record(run, 'partial'), { recursive: true });
    const sha256 = hash('sha256', 'precious');
    const intents = ['../outside/secret', join(outside, 'secret'), '..', ''].map((path) =>
      JSON.stringify({ index: 100, path, bytes: 8, sha256 }),
    );
    writeFileSync(record(run, 'partial/claims-0-0'), `${intents.join('\n')}\n{}\nnull\n[]\n"x"\n{`);
    alter(
      "UPDATE meta SET value = '\"running\"' WHERE name = 'state'; UPDATE meta SET value = 'null' WHERE name = 'targetCount'",
    )(run, outside);
  },
  'paths that lead out of the run': alter("UPDATE outcomes SET path = '../outside/secret' WHERE idx = 1"),
  'paths that begin at the root': alter("UPDATE outcomes SET path = '/etc/passwd' WHERE idx = 1"),
  'values of other types': alter("UPDATE outcomes SET url = 5, bytes = 'many', sha256 = 'x' WHERE idx = 2"),
  'a class of another program': alter("UPDATE outcomes SET class = 'constructor' WHERE idx = 3"),
  'negative numbers': alter('UPDATE outcomes SET bytes = -1 WHERE idx = 3'),
  'text that steers a terminal': alter(
    "UPDATE outcomes SET url = 'http://h/' || char(27) || '[31m' WHERE idx = 3",
  ),
  'a session that steers a terminal': alter(
    "UPDATE sessions SET host = char(27) || '[31m', version = char(27) || '[2J'",
  ),
  'notes that are no JSON': alter("UPDATE meta SET value = '{' WHERE name = 'fingerprint'"),
  'notes of another shape': alter("UPDATE meta SET value = '[]'"),
  'no notes': alter('DELETE FROM meta'),
  'no table': alter('DROP TABLE outcomes'),
  'rows without end': alter(
    'DROP TABLE outcomes; CREATE VIEW outcomes AS WITH RECURSIVE n(idx) AS (SELECT 1 UNION ALL SELECT idx + 1 FROM n) SELECT idx FROM n',
  ),
  'counts that are none': alter("UPDATE tally SET count = 'x'"),
  'a command that reads a file of headers': alter(
    `UPDATE meta SET value = '{"places":["-"],"given":{"headerFile":"/etc/passwd"},"withheld":[]}' WHERE name = 'command'`,
  ),
  'a blob that fills memory': alter('UPDATE outcomes SET sha256 = zeroblob(300000000) WHERE idx = 1'),
  'half a journal': (run) => fs.truncateSync(record(run, 'journal.db'), 5_000),
  'an empty journal': (run) => fs.truncateSync(record(run, 'journal.db'), 0),
};

for (const [what, spoil] of Object.entries(SPOILS))
  test(`a run with ${what} is answered with a sentence, and nothing outside of it is touched`, async (t) => {
    const { base, outside, print } = makeWorld(t);
    const untouched = print();
    const results = await Promise.all(
      (['verify', 'resume'] as const).map(async (command) => {
        const run = join(base, `run-${command}`);
        cpSync(join(base, 'run'), run, { recursive: true });
        if (what === 'a record that is a link') rmSync(join(base, 'moved'), { recursive: true, force: true });
        spoil(run, outside);
        return { command, ended: await runProgram(command, run).ended };
      }),
    );
    assert.equal(print(), untouched);
    assert.ok(!existsSync(join(base, 'moved', 'certificate.json')));
    for (const { command, ended } of results) {
      const { code, stdout, stderr } = ended;
      assert.ok(code !== null && [0, 1, 2, 4].includes(code), `${command}: ${code}\n${stderr}`);
      assert.doesNotMatch(
        stdout + stderr,
        /please report|ERR_BUG|\n\s+at |(?!\n)\p{Cc}|precious|root:/u,
        command,
      );
    }
  });

test('a random change of a journal is never a bug, and never touches what is outside', async (t) => {
  const { base, outside, print } = makeWorld(t);
  const untouched = print();
  const rounds = Number(process.env['SPILLWAY_TEST_FUZZ_ROUNDS'] ?? '4');
  const seed = Number(process.env['SPILLWAY_TEST_FUZZ_SEED'] ?? '19');
  const random = new Random(seed);
  const columns = [
    'url',
    'line',
    'status',
    'bytes',
    'sha256',
    'path',
    'offset_bytes',
    'stored_bytes',
    'class',
    'detail',
    'attempts',
  ];
  const values = [
    "''",
    'NULL',
    '-1',
    '1e300',
    "'../x'",
    'zeroblob(9)',
    'char(27)',
    "'constructor'",
    '9007199254740993',
    "'/'",
    'randomblob(1000)',
  ];
  const pick = <Item>(items: readonly Item[]) => items[random.below(items.length)] as Item;
  for (let round = 0; round < rounds; round++) {
    const run = join(base, `fuzz-${round}`);
    cpSync(join(base, 'run'), run, { recursive: true });
    const changes = Array.from(
      { length: 3 },
      () => `UPDATE OR IGNORE outcomes SET ${pick(columns)} = ${pick(values)} WHERE idx = ${random.below(8)}`,
    );
    const db = new DatabaseSync(record(run, 'journal.db'));
    for (const change of changes)
      try {
        db.exec(change);
      } catch {
        // Such as NULL where the table takes none.
      }
    db.close();
    if (random.below(2) === 0)
      link(pick(['1', '.spillway/report.json', '.spillway/partial', '3']), 'sub')(run, outside);
    const { code, stdout, stderr } = await runProgram(pick(COMMANDS), run).ended;
    const note = `seed ${seed}, round ${round}: ${changes.join('; ')}\n${stdout}${stderr}`;
    assert.ok(code !== null && [0, 1, 2, 4].includes(code), note);
    assert.doesNotMatch(stdout + stderr, /please report|ERR_BUG|\n\s+at |(?!\n)\p{Cc}/u, note);
    assert.equal(print(), untouched, note);
  }
});

test('what tells our files from others is removed after the journal has reached the disk', async (t) => {
  const origin = await serve(t, (_, response) => response.end('body'));
  const order: string[] = [];
  // oxlint-disable-next-line typescript/unbound-method -- it is called on the database it was called on
  const { exec } = DatabaseSync.prototype;
  t.mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql: string) {
    if (sql.includes('wal_checkpoint')) order.push('sync');
    exec.call(this, sql);
  });
  const { rmSync: remove } = fs;
  t.mock.method(fs, 'rmSync', (path: string, ...rest: unknown[]) => {
    if (/partial$|claims/u.test(path)) order.push('remove');
    (remove as (...all: unknown[]) => void)(path, ...rest);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  await fetchUrls(t, [`${origin}/1`]);
  assert.deepEqual([order[0], order.includes('remove')], ['sync', true]);
});
