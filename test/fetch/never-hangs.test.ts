import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { DEFAULT_NAME_OPTIONS } from '../../src/model/name-options.ts';
import { openNameServer } from '../helpers/name-server.ts';
import { fetchHere } from '../workers/fetch/engine-world.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import { fetchUrls, listen, makeOptions, onlyFailed, serve } from './fetch-world.ts';

/** Takes connections and says nothing. */
async function makeTarPit(t: TestContext) {
  const sockets: Socket[] = [];
  const port = await listen(
    t,
    createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      socket.resume();
    }),
  );
  return { origin: `http://127.0.0.1:${port}`, port, sockets };
}

const urlsOf = (origin: string, count: number) => Array.from({ length: count }, (_, n) => `${origin}/${n}`);

test('name servers that never answer are dns after --dns-timeout, whatever the connect timeout', async (t) => {
  const server = await openNameServer(() => ({ isLost: true }));
  t.after(() => server[Symbol.asyncDispose]());
  const names = { ...DEFAULT_NAME_OPTIONS, servers: [server.address], timeoutMs: 500 };
  const [outcome] = await fetchHere(['http://slow.example/'], {
    request: { names },
    limits: { connectMs: 100, totalMs: 100, maxRetries: 3 },
  });
  assert.ok(outcome?.kind === 'failed');
  assert.deepEqual([outcome.code, outcome.attempts], ['dns', 1]);
  assert.match(outcome.detail, /--dns-timeout/u);
});

test('a name that is slow to be found costs its target no deadline and no retry', async (t) => {
  const origin = await serve(t, (_, response) => response.end());
  const server = await openNameServer((_, type) => ({
    addresses: type === 'A' ? ['127.0.0.1'] : [],
    delayMs: 600,
  }));
  t.after(() => server[Symbol.asyncDispose]());
  const names = { ...DEFAULT_NAME_OPTIONS, servers: [server.address] };
  const outcomes = await fetchHere(urlsOf(`http://far.example:${new URL(origin).port}`, 5), {
    request: { names },
    limits: { connectMs: 300, totalMs: 400 },
  });
  assert.ok(outcomes.every(({ kind }) => kind === 'ok'));
  assert.equal(server.count('A far.example'), 1);
});

test('a name that does not exist fails at once and is asked for by no retry', async (t) => {
  const server = await openNameServer(() => ({ rcode: 'NXDOMAIN' }));
  t.after(() => server[Symbol.asyncDispose]());
  const names = { ...DEFAULT_NAME_OPTIONS, servers: [server.address], family: 4 as const };
  const outcomes = await fetchHere(urlsOf('http://gone.example', 20), {
    request: { names },
    limits: { maxRetries: 3 },
  });
  assert.ok(outcomes.every((outcome) => outcome.kind === 'failed' && outcome.code === 'name-unknown'));
  assert.equal(server.count('A gone.example'), 1);
});

test('a proxy that never answers CONNECT is a connect-timeout', async (t) => {
  const { origin } = await makeTarPit(t);
  const failure = onlyFailed(
    await fetchUrls(t, ['https://127.0.0.1:1/'], {
      limits: { connectMs: 300 },
      request: { proxy: { http: '', https: origin, except: '' } },
    }),
  );
  assert.equal(failure.code, 'connect-timeout');
});

test('with no deadline at all, the watchdog ends what stands still', async (t) => {
  const { origin } = await makeTarPit(t);
  const none = { totalMs: 0, connectMs: 0, firstByteMs: 0, idleMs: 0 };
  const silent = onlyFailed(await fetchUrls(t, [`${origin}/`], { limits: { ...none, stallMs: 300 } }));
  assert.equal(silent.code, 'stalled');
  assert.match(silent.detail, /--stall-timeout/u);
  const begun = await serve(t, (_, response) => {
    response.write('a beginning');
  });
  const stuck = onlyFailed(await fetchUrls(t, [`${begun}/`], { limits: { ...none, stallMs: 300 } }));
  assert.equal(stuck.code, 'stalled');
});

test('an origin that gives nothing fails its targets, not the run, and the others are unharmed', async (t) => {
  const { origin: dead } = await makeTarPit(t);
  const alive = await serve(t, (_, response) => response.end('done'));
  const urls = [...urlsOf(dead, 200), ...urlsOf(alive, 100)];
  const { report } = await fetchUrls(t, urls, {
    limits: { firstByteMs: 300, stallMs: 900, maxRetries: 3 },
    budgets: { isAdaptive: true },
  });
  assert.equal(report.ended, 'done');
  assert.deepEqual([report.targets, report.ok, report.failed], [300, 100, 200]);
  assert.ok((report.failures.stalled ?? 0) > 100, JSON.stringify(report.failures));
});

for (const isAdaptive of [true, false])
  test(`a dead origin holds no slot that another could use (${isAdaptive ? 'adaptive' : 'fixed'})`, async (t) => {
    const { origin: dead } = await makeTarPit(t);
    const alive = await serve(t, (_, response) => response.end('done'));
    const done: string[] = [];
    const run = startFetch({
      ...makeOptions([...urlsOf(dead, 50), ...urlsOf(alive, 50)], {
        to: `${scratchDirectory(t)}/out`,
        maxInFlight: 4,
        cores: 1,
        // Nothing but the slots' being given up lets the others through before this is over.
        limits: { firstByteMs: 600_000, totalMs: 0, connectMs: 600_000 },
        budgets: { isAdaptive },
      }),
      onOutcomes: (outcomes) => {
        done.push(...outcomes.map(({ url }) => url));
        if (done.length === 50) run.abort();
      },
    });
    const report = await run.report;
    assert.equal(report.ok, 50);
    assert.ok(done.slice(0, 50).every((url) => url.startsWith(alive)));
    assert.equal(report.targets, report.ok + report.failed + report.skipped);
  });

test('a retry fires although no socket keeps the program alive', async (t) => {
  // Two resets, then an answer: between them there is nothing but a timer.
  let count = 0;
  const port = await listen(
    t,
    createServer((socket) => {
      socket.on('error', () => {});
      if (++count < 3) socket.resetAndDestroy();
      else socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone'));
    }),
  );
  const main = new URL('../../src/cli/main.ts', import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [main, 'fetch', `http://127.0.0.1:${port}/`, '--to', `${scratchDirectory(t)}/out`, '--json'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [stdout, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  assert.deepEqual([exitCode, count, (JSON.parse(stdout) as { ok: number }).ok], [0, 3, 1]);
});

test('a run that stands still says what it waits for, now and in its account', async (t) => {
  const { origin } = await makeTarPit(t);
  const run = startFetch(
    makeOptions([`${origin}/a`], {
      to: `${scratchDirectory(t)}/out`,
      limits: { firstByteMs: 9_000 },
    }),
  );
  let waits: string | null = null;
  const timer = setInterval(() => {
    waits ??= run.snapshot().waits ?? null;
  }, 50);
  const report = await run.report;
  clearInterval(timer);
  assert.match(
    waits ?? '',
    /^waits for a first byte of http:\/\/127\.0\.0\.1:\d+: 1 requests, the oldest for \d s, given up in \d s/u,
  );
  assert.match(report.findings.join('\n'), /stood still: waits for a first byte of http/u);
  assert.deepEqual(report.failures, { 'first-byte-timeout': 1 });
});

test('a sink that is slow holds back the reading of sockets', async (t) => {
  const PIECE = Buffer.alloc(1_000_000);
  const PIECES = 80;
  let handedOverMs = 0;
  const pour = async (response: ServerResponse): Promise<void> => {
    const startedAt = performance.now();
    for (let piece = 0; piece < PIECES; piece++) {
      if (!response.write(PIECE)) await once(response, 'drain');
    }
    handedOverMs = performance.now() - startedAt;
    response.end();
  };
  const origin = await serve(t, (_, response) => void pour(response));
  const { report } = await fetchUrls(t, [`${origin}/`], {
    cores: 1,
    limits: { maxBodyBytes: 0 },
    sink: {
      kind: 'module',
      href: new URL('./slow-sink.ts', import.meta.url).href,
      options: { piecesMs: 10 },
    },
  });
  assert.equal(report.ok, 1);
  assert.equal(report.bytes, PIECES * PIECE.length);
  // At most a megabyte a read and 10 ms for each: what was not held back would be gone in a tenth of that.
  assert.ok(handedOverMs > 500, `${handedOverMs} ms`);
});

test('an origin that is slow to answer and alone in a run is left alone', async (t) => {
  let count = 0;
  const held: (() => void)[] = [];
  const origin = await serve(t, (_, response) => {
    count++;
    held.push(() => response.end('done'));
    // The first four are answered once they have been silent for longer than a dead origin is borne with.
    if (count <= 4) setTimeout(() => held.shift()?.(), 2_600);
    else held.shift()?.();
  });
  const { report } = await fetchUrls(t, urlsOf(origin, 12), {
    cores: 1,
    maxInFlight: 4,
    budgets: { isAdaptive: false },
  });
  assert.deepEqual([report.ok, count, report.attemptsSent], [12, 12, 12]);
});
