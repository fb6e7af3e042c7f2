import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import type { VerifyReport } from '../../src/model/verify-report.ts';
import { startServer } from '../../src/server/cluster.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const PROGRAM = new URL('../../src/cli/main.ts', import.meta.url).pathname;

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end, in a directory of its own. */
function spillway(
  cwd: string,
  args: readonly string[],
  stdin = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const child = execFile(
    process.execPath,
    [PROGRAM, ...args],
    { cwd, timeout: 120_000, env: { ...process.env, ...environment } },
    (error, stdout, stderr) => {
      resolve({
        exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : -1,
        stdout,
        stderr,
      });
    },
  );
  child.stdin?.end(stdin);
  return promise;
}

async function serveNumbers(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/missing') response.writeHead(404).end();
    else response.end(`body of ${request.url}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the list API of the mock server: every "k of 25" is there once, and verify says so', async (t) => {
  await using server = await startServer({ files: 25, delayMs: 0 });
  const cwd = scratchDirectory(t);
  const list = `${server.origins[0]}/api/list_files`;
  const ended = await spillway(cwd, [
    'fetch',
    '--list-api',
    list,
    '--preset',
    'mock',
    '--to',
    'out',
    '--json',
  ]);
  assert.equal(ended.exitCode, 0, ended.stderr);
  const report = JSON.parse(ended.stdout) as FetchReport;
  assert.deepEqual([report.targets, report.ok, report.failed, report.skipped], [25, 25, 0, 0]);
  const audit = await spillway(cwd, ['verify', 'out', '--json']);
  assert.equal(audit.exitCode, 0, audit.stdout);
  // Without the record, as a whole of numbers.
  rmSync(join(cwd, 'out', '.spillway'), { recursive: true });
  const numbers = JSON.parse((await spillway(cwd, ['verify', 'out', '--json'])).stdout) as VerifyReport;
  assert.deepEqual(
    [numbers.against, numbers.expected, numbers.right, numbers.isComplete],
    ['numbers', 25, 25, true],
  );
  const [first = ''] = readdirSync(join(cwd, 'out'));
  rmSync(join(cwd, 'out', first));
  assert.equal((await spillway(cwd, ['verify', 'out'])).exitCode, 1);
});

test('list, template and standard input in one run; failures give exit code 1, a file of them, and their lines', async (t) => {
  const origin = await serveNumbers(t);
  const cwd = scratchDirectory(t);
  writeFileSync(join(cwd, 'urls.csv'), `name,url\na,${origin}/a\nb,nonsense\n`);
  const args = ['fetch', 'urls.csv', `${origin}/{1..10}`, '-', '--to', 'out', '--name', '{index:3}.txt'];
  const ended = await spillway(cwd, args, `# a comment\n${origin}/missing\n${origin}/z\n`);
  assert.equal(ended.exitCode, 1, ended.stderr);
  assert.match(ended.stdout, /14 targets = 12 ok \+ 2 failed \+ 0 skipped/u);
  assert.match(ended.stdout, /urls\.csv line 3: expected an absolute http or https URL/u);
  assert.match(ended.stdout, /missing \(line 2\): expected a status of 2xx, found 404/u);
  const failures = readFileSync(join(cwd, 'out/.spillway/failures.ndjson'), 'utf8').trimEnd().split('\n');
  assert.equal(failures.length, 2);
  assert.equal(readFileSync(join(cwd, 'out', '013.txt'), 'utf8'), 'body of /z');
});

test('bad options: all problems at once, exit code 2, and not a byte sent', async (t) => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cwd = scratchDirectory(t);
  const values = await spillway(cwd, [
    'fetch',
    `${origin}/`,
    '--rate',
    'fast',
    '--deadline',
    'soon',
    '--header',
    'no colon',
  ]);
  assert.equal(values.exitCode, 2);
  for (const option of ['--rate', '--deadline', '--header'])
    assert.match(values.stderr, new RegExp(`${option}: expected`, 'u'));
  const run = await spillway(cwd, [
    'fetch',
    `${origin}/`,
    'nothing.txt',
    'http://h/{1..}',
    '--name',
    '{what}',
    '--ca',
    'none.pem',
  ]);
  assert.equal(run.exitCode, 2);
  for (const problem of ['nothing.txt', '{1..}', '{what}', '--ca'])
    assert.ok(run.stderr.includes(problem), run.stderr);
  assert.equal((await spillway(cwd, ['fetch'])).exitCode, 2);
  assert.equal(requests, 0);
  assert.deepEqual(readdirSync(cwd), []);
});

test('--insecure is said loudly, --quiet says nothing when all is well', async (t) => {
  const origin = await serveNumbers(t);
  const cwd = scratchDirectory(t);
  const loud = await spillway(cwd, ['fetch', `${origin}/a`, '--insecure', '--quiet']);
  assert.equal(loud.exitCode, 0);
  assert.match(loud.stderr, /WARNING: --insecure/u);
  assert.match(readdirSync(join(cwd, 'results'))[0] ?? '', /^\d{4}-\d\d-\d\dT/u);
  // Two runs may begin in one second.
  await Promise.all([1, 2].map((n) => spillway(cwd, ['fetch', `${origin}/${n}`, '--quiet'])));
  assert.equal(readdirSync(join(cwd, 'results')).length, 3);
  const quiet = await spillway(cwd, ['fetch', `${origin}/a`, '--quiet', '--to', 'out']);
  assert.deepEqual([quiet.exitCode, quiet.stdout, quiet.stderr], [0, '', '']);
});

test('Ctrl-C ends a run whose standard input is still open, with an account of what is done', async (t) => {
  const origin = await serveNumbers(t);
  const cwd = scratchDirectory(t);
  const child = spawn(process.execPath, [PROGRAM, 'fetch', '-', '--to', 'out', '--json'], { cwd });
  t.after(() => child.kill('SIGKILL'));
  const output = text(child.stdout);
  child.stdin.write(`${Array.from({ length: 30 }, (_, n) => `${origin}/${n}`).join('\n')}\n`);
  const isDone = () => existsSync(join(cwd, 'out', '29'));
  for (let tries = 0; !isDone() && tries < 400; tries++) await wait(50);
  assert.ok(isDone(), 'what was given is fetched while more may come');
  child.kill('SIGINT');
  const [exitCode] = (await once(child, 'exit', { signal: AbortSignal.timeout(20_000) })) as [number];
  assert.equal(exitCode, 130);
  const report = JSON.parse(await output) as FetchReport;
  assert.deepEqual([report.ended, report.targets, report.ok], ['stopped', 30, 30]);
});

for (const [name, args, isSecond, expected] of [
  ['lets what is in flight end, within --drain-timeout', ['--drain-timeout', '60s'], false, { ok: 4 }],
  ['cuts what is in flight with a second one', ['--drain-timeout', '60s'], true, { ok: 0 }],
  ['cuts what is in flight when --drain-timeout is over', ['--drain-timeout', '50ms'], false, { ok: 0 }],
] as const)
  test(`Ctrl-C ${name}`, async (t) => {
    const held: ServerResponse[] = [];
    const server = createServer((_, response) => void held.push(response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const cwd = scratchDirectory(t);
    const rest = ['--to', 'out', '--json', '--max-in-flight', '4', '--cores', '1', ...args];
    const child = spawn(process.execPath, [PROGRAM, 'fetch', `${origin}/{0..39}`, ...rest], { cwd });
    t.after(() => child.kill('SIGKILL'));
    const output = text(child.stdout);
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(60_000) });
    for (let tries = 0; held.length < 4 && tries < 800; tries++) await wait(25);
    assert.equal(held.length, 4);
    child.kill('SIGINT');
    if (isSecond) {
      // Two signals that are on their way together are one to a process that has not looked yet.
      await wait(200);
      child.kill('SIGINT');
    } else if (expected.ok > 0) {
      // Longer than a drain took before it could be told how long.
      await wait(1500);
      for (const response of held) response.end('late');
    }
    const [exitCode] = (await ended) as [number];
    assert.equal(exitCode, 130);
    const report = JSON.parse(await output) as FetchReport;
    assert.deepEqual([report.ended, report.ok, held.length], ['stopped', expected.ok, 4]);
  });

test('what a server writes cannot steer the terminal', async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(302, { location: 'ftp://x/\u009b31mred' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ended = await spillway(scratchDirectory(t), ['fetch', `${origin}/a`, '--to', 'out']);
  assert.equal(ended.exitCode, 1);
  // oxlint-disable-next-line no-control-regex -- control characters are what must be gone
  assert.doesNotMatch(ended.stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/u);
});

test('a changed, a missing and a strange file are each found by verify', async (t) => {
  const origin = await serveNumbers(t);
  const cwd = scratchDirectory(t);
  await spillway(cwd, ['fetch', `${origin}/{1..20}`, '--to', 'out']);
  writeFileSync(join(cwd, 'out', '7'), 'body of /8');
  rmSync(join(cwd, 'out', '9'));
  writeFileSync(join(cwd, 'out', 'mine'), '');
  const ended = await spillway(cwd, ['verify', 'out', '--json']);
  const report = JSON.parse(ended.stdout) as VerifyReport;
  assert.equal(ended.exitCode, 1);
  assert.deepEqual(report.counts, { changed: 1, missing: 1, stranger: 1 });
  assert.equal(report.right, 18);
});

test('fields from a file are sent, and a bad one ends the program before anything is', async (t) => {
  const cwd = scratchDirectory(t);
  const seen: unknown[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers['x-key'], request.headers['accept-language']);
    response.end('x');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`;
  writeFileSync(join(cwd, 'fields.txt'), 'X-Key: secret\nAccept-Language: en\n');
  const ended = await spillway(cwd, ['fetch', url, '--to', 'out', '--header-file', 'fields.txt']);
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.deepEqual(seen, ['secret', 'en']);
  writeFileSync(join(cwd, 'bad.txt'), 'no colon here\n');
  const refused = await spillway(cwd, ['fetch', url, '--to', 'out2', '--header-file', 'bad.txt']);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /--header-file: expected .* in each line of bad\.txt/u);
  assert.equal(seen.length, 2);
});

test('a proxy is taken from the environment, but for the hosts that no_proxy excepts', async (t) => {
  const cwd = scratchDirectory(t);
  const origin = await serveNumbers(t);
  let tunnels = 0;
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    tunnels++;
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  proxy.on('request', (_, response) => {
    tunnels++;
    response.end('by the proxy');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const http_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const through = await spillway(cwd, ['fetch', `${origin}/1`, '--to', 'out'], '', {
    http_proxy,
    no_proxy: '',
  });
  assert.equal(through.exitCode, 0, through.stderr);
  assert.equal(tunnels, 1);
  const around = await spillway(cwd, ['fetch', `${origin}/1`, '--to', 'out2'], '', {
    http_proxy,
    no_proxy: '127.0.0.1',
  });
  assert.equal(around.exitCode, 0, around.stderr);
  assert.equal(tunnels, 1);
  const short = await spillway(cwd, ['fetch', `${origin}/1`, '--to', 'out3'], '', {
    http_proxy: http_proxy.slice('http://'.length),
    no_proxy: '',
  });
  assert.deepEqual([short.exitCode, tunnels], [0, 2], short.stderr);
});

test('what cannot be meant is refused before anything starts: a proxy in the environment, a number of threads', async (t) => {
  const cwd = scratchDirectory(t);
  for (const https_proxy of ['ftp://u:s3cret@127.0.0.1', 'http://u:s3cret@127.0.0.1:99999']) {
    const args = ['fetch', 'http://127.0.0.1:9/a', '--to', 'out', '--cores', '999'];
    const { exitCode, stderr } = await spillway(cwd, args, '', { https_proxy });
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, /https_proxy \(environment\): expected the URL of an HTTP proxy .*, found /u);
    assert.match(stderr, /--cores: expected auto or a whole number from 1 to \d+ .*, found 999/u);
    assert.doesNotMatch(stderr, /s3cret/u);
    assert.ok(!existsSync(join(cwd, 'out')));
  }
});

test('a place that takes no directories is refused, and the program does not go round for ever', {
  skip: !existsSync('/proc/self/stat') && 'needs /proc',
}, async (t) => {
  for (const to of ['/proc/out', '/proc/out/below', '/proc/out.tar', '/etc/passwd/out']) {
    const ended = await spillway(scratchDirectory(t), ['fetch', 'http://127.0.0.1:9/a', '--to', to]);
    assert.equal(ended.exitCode, 2, to);
    assert.match(ended.stderr, /^spillway: --to: expected a place that can be written or made, found /u);
  }
});

test('a list ten times as long is fetched in the same memory', async (t) => {
  await using server = await startServer({ items: 100_000, delayMs: 0, lean: true });
  const cwd = scratchDirectory(t);
  const peakOf = async (count: number): Promise<number> => {
    const list = `${server.origins[0]}/{0..${count - 1}}`;
    const ended = await spillway(cwd, ['fetch', list, '--to', 'discard', '--new', '--json', '--quiet']);
    assert.equal(ended.exitCode, 0, ended.stderr);
    const report = JSON.parse(ended.stdout) as FetchReport;
    assert.equal(report.ok, count);
    return report.peakRssBytes;
  };
  const short = await peakOf(10_000);
  const long = await peakOf(100_000);
  assert.ok(long - short < 50 * 2 ** 20, `${long} bytes after ${short}`);
});
