import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { run, start, witness } from '../helpers/fetch-process.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const PAGE_SIZE = 20;
const COUNT = 400;
const ASKED_AHEAD = 4;

/**
 * A list of `/f/N` in pages, by offset. `shift` moves it: so many new items stand before all others, and push the last
 * ones of each page onto the next.
 */
async function serveList(t: TestContext, list: { shift: number }) {
  const pages = new Map<number, number>();
  const server = await witness(t, (request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    if (url.pathname !== '/list') {
      setTimeout(() => response.end(`body of ${url.pathname}`), 6);
      return;
    }
    const from = Number(url.searchParams.get('start'));
    pages.set(from, (pages.get(from) ?? 0) + 1);
    const ids = Array.from({ length: COUNT + list.shift }, (_, at) =>
      at < list.shift ? `new-${at}` : String(at - list.shift),
    );
    const items = ids.slice(from, from + PAGE_SIZE).map((id) => `/f/${id}`);
    setTimeout(() => response.end(JSON.stringify({ urls: items })), 40);
  });
  return { ...server, server, pages };
}

const argsFor = (origin: string) => [
  'fetch',
  '--list-api',
  `${origin}/list`,
  '--list-items',
  'urls',
  '--to',
  'out',
  '--cores',
  '1',
  '--max-in-flight',
  '8',
  '--json',
];

async function killAfter(
  t: TestContext,
  { cwd, args }: { cwd: string; args: readonly string[] },
  { server, count }: { server: { total: number; seen(count: number): Promise<void> }; count: number },
): Promise<void> {
  const { child, ended } = start(t, cwd, args);
  await server.seen(server.total + count);
  child.kill('SIGKILL');
  await ended;
}

const outcomesOf = async (t: TestContext, cwd: string) =>
  (await run(t, cwd, ['outcomes', 'out'])).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Outcome);

test('a walk that was killed goes on at the page where it stood, and every item keeps its number', async (t) => {
  const { server, pages, counts } = await serveList(t, { shift: 0 });
  const cwd = scratchDirectory(t);
  const args = argsFor(server.origin);
  await killAfter(t, { cwd, args }, { server, count: 150 });
  const before = await outcomesOf(t, cwd);
  await killAfter(t, { cwd, args }, { server, count: 100 });
  const ended = await run(t, cwd, args);
  assert.equal(ended.exitCode, 0, ended.stderr);
  const report = JSON.parse(ended.stdout) as FetchReport;
  assert.deepEqual([report.targets, report.ok, report.skips], [COUNT, COUNT, {}]);
  const after = await outcomesOf(t, cwd);
  for (const [index, outcome] of after.entries()) {
    assert.equal(outcome.index, index);
    assert.ok(outcome.url.endsWith(`/f/${index}`));
  }
  for (const outcome of before) assert.deepEqual(after[outcome.index], outcome);
  assert.equal(pages.size, COUNT / PAGE_SIZE + 1);
  const askedAgain = [...pages.values()].reduce((sum, count) => sum + count - 1, 0);
  assert.ok(askedAgain <= 2 * ASKED_AHEAD, `${askedAgain} pages were asked for again`);
  const items = [...counts].filter(([path]) => path.startsWith('/f/'));
  assert.equal(items.length, COUNT);

  const pageCount = [...pages.values()].reduce((sum, count) => sum + count, 0);
  const finished = await run(t, cwd, args);
  assert.match(finished.stderr, /already complete: 400 of 400/u);
  assert.equal(
    [...pages.values()].reduce((sum, count) => sum + count, 0),
    pageCount,
    'no page of a whole list',
  );
});

test('a list that moved meanwhile: what was taken keeps its number, and an item shown again is drift', async (t) => {
  const list = { shift: 0 };
  const { server } = await serveList(t, list);
  const cwd = scratchDirectory(t);
  const args = argsFor(server.origin);
  await killAfter(t, { cwd, args }, { server, count: 150 });
  list.shift = 3;
  const ended = await run(t, cwd, args);
  assert.equal(ended.exitCode, 0, ended.stderr);
  const report = JSON.parse(ended.stdout) as FetchReport;
  assert.deepEqual([report.ok, report.skips], [COUNT, { drift: 3 }]);
  assert.match(report.findings.join('\n'), /3 items appeared more than once/u);
  assert.equal(readFileSync(join(cwd, 'out', '399'), 'utf8'), 'body of /f/399');
});
