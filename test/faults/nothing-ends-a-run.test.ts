import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RunRecord } from '../../src/runner/fetch/record/run-record.ts';
import { DEFAULT_NAME_OPTIONS } from '../../src/model/name-options.ts';
import { fetchUrls, listen, serve } from '../fetch/fetch-world.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const LOGINS: readonly (readonly [login: string, sent: string])[] = [
  ['u:a%6qgx', 'u:a%6qgx'],
  ['a:%', 'a:%'],
  ['%:%%', '%:%%'],
  ['%e0%a4%a:x', '\u00e0\u00a4%a:x'],
  ['u:%ff', 'u:\u00ff'],
  ['u:p%40ss', 'u:p@ss'],
  ['u', 'u:'],
];

/** The login of a request, byte for byte. */
function loginOf(field: string | undefined): string {
  return Buffer.from((field ?? '').replace(/^Basic /u, ''), 'base64').toString('latin1');
}

for (const transport of ['auto', 'undici'] as const)
  test(`a "%" that begins no escape stands for itself in a login, of a list or of a redirect (${transport})`, async (t) => {
    const seen = new Map<string, string>();
    const origin = await serve(t, (request, response) => {
      const [, what = '', at = ''] = (request.url ?? '').split('/');
      if (what === 'from') {
        const login = LOGINS[Number(at)]?.[0] ?? '';
        response.writeHead(302, { location: `http://${login}@${request.headers.host}/to/${at}` }).end();
        return;
      }
      seen.set(`${what}/${at}`, loginOf(request.headers.authorization));
      response.end('body');
    });
    const { host } = new URL(origin);
    const urls = LOGINS.flatMap(([login], at) => [
      `http://${login}@${host}/list/${at}`,
      `${origin}/from/${at}`,
    ]);
    const { report, outcomes } = await fetchUrls(t, urls, { request: { transport } });
    assert.deepEqual([report.ok, report.workerDeaths], [urls.length, []]);
    for (const [at, [, sent]] of LOGINS.entries()) {
      assert.equal(seen.get(`list/${at}`), sent);
      assert.equal(seen.get(`to/${at}`), sent);
    }
    assert.doesNotMatch(JSON.stringify(outcomes), /6qgx|@/u);
  });

test('a "%" that begins no escape stands for itself in the login of a proxy', async (t) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(loginOf(request.headers['proxy-authorization']));
    response.end('body');
  });
  server.on('connect', (request, socket) => {
    seen.push(loginOf(request.headers['proxy-authorization']));
    socket.end('HTTP/1.1 502 no\r\n\r\n');
  });
  const port = await listen(t, server);
  for (const login of ['u:a%6qgx', 'a:%', 'u:p%40ss']) {
    const proxy = `http://${login}@127.0.0.1:${port}`;
    const { report } = await fetchUrls(t, ['http://example.test/', 'https://example.test/'], {
      request: { proxy: { http: proxy, https: proxy, except: '' } },
    });
    assert.deepEqual([report.ended, report.workerDeaths, report.failures.internal], ['done', [], undefined]);
  }
  for (const sent of ['u:a%6qgx', 'a:%', 'u:p@ss'])
    assert.ok(seen.includes(sent), `${sent} in ${seen.join(' ')}`);
});

test('a redirect of a public origin to a name that does not resolve is one failed target', async (t) => {
  const server = createServer((request, response) => {
    if (request.url === '/link') response.writeHead(302, { location: 'http://no-such-name.invalid/' }).end();
    else response.end('body');
  });
  const port = await listen(t, server);
  const urls = ['1', 'link', '2'].map((path) => `http://outside.test:${port}/${path}`);
  for (const transport of ['auto', 'undici'] as const) {
    const { report, outcomes } = await fetchUrls(t, urls, {
      request: {
        transport,
        publicRanges: ['127.0.0.1/32'],
        names: { ...DEFAULT_NAME_OPTIONS, pins: { 'outside.test': ['127.0.0.1'] } },
      },
    });
    assert.deepEqual([report.ok, report.failures, report.workerDeaths], [2, { 'name-unknown': 1 }, []]);
    assert.equal(outcomes[1]?.kind, 'failed');
  }
});

test('no field of an answer and none of a target ends a run, whatever text is in it', async (t) => {
  const texts = [
    '%',
    '%%%ff%zz',
    'http://a:%@[::1',
    'http://[',
    '//',
    '\\\\',
    '\u00ff'.repeat(200),
    '"'.repeat(300),
    ';'.repeat(300),
    "filename*=UTF-8''%e0%a4%a; filename=\"a",
    'attachment; filename="../../..//%00"',
    'bytes 0-9999999999999999999/0',
    '9'.repeat(400),
    '-1',
    'Thu, 99 Foo 99999 99:99:99 GMT',
    'a=b; Path=/; Domain=' + 'x'.repeat(300),
    '*',
    ',,,,',
    'gzip, gzip, br, gzip',
    'constructor',
    '__proto__',
  ];
  const fields = [
    'Location',
    'Content-Disposition',
    'Content-Type',
    'Content-Encoding',
    'Content-Range',
    'Retry-After',
    'Set-Cookie',
    'ETag',
    'Last-Modified',
    'Date',
    'Link',
    'Keep-Alive',
    'Alt-Svc',
    'Age',
    'Vary',
    'X-Any',
    '__proto__',
    'constructor',
    'hasOwnProperty',
  ];
  const statuses = [200, 206, 301, 302, 303, 304, 307, 308, 401, 404, 407, 416, 500, 503];
  const cases = fields.flatMap((field, at) =>
    texts.map((text, offset) => ({
      field,
      text,
      status: statuses[(at * 7 + offset) % statuses.length] as number,
    })),
  );
  const server = createNetServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      const { field, text, status } = cases[Number(/\/(\d+)/u.exec(bytes.toString())?.[1] ?? 0)] ?? cases[0]!;
      socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: 2\r\n${field}: ${text}\r\n\r\nok`, 'latin1');
    });
  });
  const port = await listen(t, server);
  const urls = cases.map((_, at) => `http://127.0.0.1:${port}/${at}`);
  const strange = ['http://a:%@', 'http://%@', 'http://u:p%@', 'http://:%@', 'http://'].flatMap((start) =>
    ['/0?%', '/0?%zz#%', '/0;%00', '/0?a=b&&&=%', '/0/%2e%2e%2f%ff', '/0?' + 'x'.repeat(3000)].map(
      (end) => `${start}127.0.0.1:${port}${end}`,
    ),
  );
  for (const transport of ['auto', 'undici'] as const) {
    const { report } = await fetchUrls(t, [...urls, ...strange], {
      request: { transport },
      nameTemplate: '{host}/{path}-{name}',
      limits: { maxRetryWaitMs: 0 },
    });
    assert.deepEqual([report.ended, report.workerDeaths, report.problem], ['done', [], null]);
    assert.equal(report.ok + report.failed, urls.length + strange.length);
    assert.deepEqual(
      [report.failures.internal, report.failures.unknown],
      [undefined, undefined],
      JSON.stringify(report.firstFailures),
    );
  }
});

test('targets that kill their worker thread are set aside after two deaths, and every other target is had', async (t) => {
  const asked = new Map<string, number>();
  const origin = await serve(t, (request, response) => {
    const path = request.url ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    response.end('body');
  });
  const module = join(scratchDirectory(t), 'sink.mjs');
  writeFileSync(
    module,
    `export default () => ({ begin: ({ url }) => ({
       write: () => {},
       commit: () => { if (url.includes('killer')) process.exit(9); },
     }) });`,
  );
  const urls = Array.from(
    { length: 300 },
    (_, at) => `${origin}/${at % 60 === 7 || at === 299 ? `killer-${at}` : at}`,
  );
  const { report, outcomes } = await fetchUrls(t, urls, {
    to: null,
    sink: { kind: 'module', href: pathToFileURL(module).href, options: null },
    maxInFlight: 64,
  });
  assert.equal(report.ended, 'done', report.problem ?? '');
  assert.deepEqual(report.failures, { 'crashed-worker': 6 });
  assert.equal(report.ok, 294);
  // Two that were in flight together share a death.
  assert.ok(report.workerDeaths.length >= 7 && report.workerDeaths.length <= 12);
  for (const outcome of outcomes)
    assert.equal(outcome.kind, outcome.url.includes('killer') ? 'failed' : 'ok');
  for (const [path, times] of asked)
    if (path.includes('killer')) assert.ok(times <= 2, `${times} of ${path}`);
});

test('an error that is thrown on behalf of no target is told of and harms none', async (t) => {
  const origin = await serve(t, (_, response) => response.end('body'));
  const module = join(scratchDirectory(t), 'sink.mjs');
  writeFileSync(
    module,
    `export default () => ({ begin: ({ index }) => ({
       write: () => { if (index % 10 === 3) setTimeout(() => { throw new Error('a stray of ' + index); }, 0); },
       commit: () => { if (index % 10 === 5) Promise.reject(new Error('a stray promise')); },
     }) });`,
  );
  const urls = Array.from({ length: 100 }, (_, at) => `${origin}/${at}`);
  const { report } = await fetchUrls(t, urls, {
    to: null,
    sink: { kind: 'module', href: pathToFileURL(module).href, options: null },
  });
  assert.deepEqual([report.ended, report.ok, report.workerDeaths], ['done', 100, []]);
  assert.match(report.findings.join('\n'), /errors were thrown on behalf of no target.*a stray/u);
});

test('what was in flight at a death is known to the sessions that go on with the run', async (t) => {
  const directory = scratchDirectory(t);
  const open = () =>
    new RunRecord({ directory, identity: {}, command: null, sink: 'discard', kind: 'fetch', version: '' });
  {
    using record = open();
    record.deathsOf.set(7, 1);
    record.noteDeaths();
  }
  using again = open();
  assert.deepEqual([...again.deathsOf], [[7, 1]]);
});
