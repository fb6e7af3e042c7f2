import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startRun } from '../../src/index.ts';
import type { FetchSnapshot } from '../../src/model/fetch-report.ts';
import { fetchPlainText } from '../../src/report/live/fetch-progress-text.ts';
import { run, witness } from '../helpers/fetch-process.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

test('quotes in a table with tabs cost no row, and the account says what became of the records', async (t) => {
  const server = await witness(t, (_, response) => void response.end('body'));
  const cwd = scratchDirectory(t);
  const rows = ['one', '"two', 'three', '4" four'].map((name, at) => `${name}\t${server.origin}/${at + 1}`);
  writeFileSync(join(cwd, 'm.tsv'), Buffer.from(`\ufeff${rows.join('\r\n')}\r\n5\tnone\r\n`, 'utf16le'));
  const ended = await run(t, cwd, ['fetch', 'm.tsv', '--field', '2', '--to', 'out', '--cores', '1']);
  assert.equal(ended.exitCode, 1, ended.stderr);
  assert.equal(server.total, 4);
  assert.match(ended.stdout, /^read 5 records of m\.tsv = 4 targets \+ 1 named lines$/mu);
});

test('a column without URLs is misuse, asks for nothing and leaves nothing', async (t) => {
  const server = await witness(t, (_, response) => void response.end('body'));
  const cwd = scratchDirectory(t);
  const rows = Array.from({ length: 20_000 }, (_, n) => `${n},${server.origin}/${n}`);
  writeFileSync(join(cwd, 'list.csv'), `id,link\n${rows.join('\n')}\n`);
  const ended = await run(t, cwd, ['fetch', 'list.csv', '--to', 'out']);
  assert.deepEqual([ended.exitCode, ended.stdout], [2, '']);
  assert.match(
    ended.stderr,
    /^spillway: --field: expected a column of list\.csv with URLs, found "0", .* id, link\n$/u,
  );
  assert.deepEqual([readdirSync(cwd), server.total], [['list.csv'], 0]);
});

test('a list that was read to its end has a total while its targets are under way', async (t) => {
  const held = Promise.withResolvers<void>();
  const server = await witness(t, async (_, response) => {
    await held.promise;
    response.end('body');
  });
  const path = join(scratchDirectory(t), 'urls.txt');
  writeFileSync(path, `${server.origin}/1\n${server.origin}/2\n`);
  const running = startRun({ source: { file: path }, to: 'memory', cores: 1 });
  const seen: FetchSnapshot[] = [];
  for await (const snapshot of running.snapshots) {
    if (snapshot.countAhead === null) continue;
    seen.push(snapshot);
    held.resolve();
  }
  const last = seen.at(-1) as FetchSnapshot;
  assert.equal(last.countAhead, 2);
  assert.match(fetchPlainText(last), /^\[#{24}\] 100 % · 2 of 2 · ETA /u);
  const { ok, lists } = await running.report;
  assert.deepEqual([ok, lists], [2, [{ name: path, records: 2, skipped: 0, targets: 2, named: 0 }]]);
});
