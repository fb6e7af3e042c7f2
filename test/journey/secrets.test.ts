import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scratchDirectory } from '../helpers/scratch.ts';

const PROGRAM = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const SECRETS = {
  user: 'tom-of-the-url',
  password: 'sesame-of-the-url',
  header: 'token-of-the-header',
  fileHeader: 'token-of-the-header-file',
  netrc: 'password-of-netrc',
  proxy: 'password-of-the-proxy',
};

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function spillway(cwd: string, args: readonly string[], environment: Record<string, string>): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  execFile(
    process.execPath,
    [PROGRAM, ...args],
    { cwd, timeout: 60_000, env: { ...process.env, ...environment } },
    (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ exitCode, stdout, stderr });
    },
  );
  return promise;
}

async function listen(t: TestContext, server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return (server.address() as AddressInfo).port;
}

function* filesBelow(directory: string): Generator<string> {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** What a secret looks like where it is written down. */
const spellings = (secret: string) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/u, '').slice(0, -2),
];

function assertNowhere(where: Iterable<readonly [name: string, text: string]>): void {
  for (const [name, text] of where)
    for (const [kind, secret] of Object.entries(SECRETS))
      for (const spelling of spellings(secret))
        assert.ok(!text.includes(spelling), `the ${kind} secret stands in ${name} as ${spelling}`);
}

test('credentials of URL, header, header file, netrc and proxy stand in no stream and no file of a run', async (t) => {
  const cwd = scratchDirectory(t);
  const seen = new Set<string>();
  const note = (request: IncomingMessage) => {
    for (const name of ['authorization', 'x-api-key', 'cookie', 'proxy-authorization'])
      if (request.headers[name] !== undefined) seen.add(name);
  };
  const target = createServer((request, response) => {
    note(request);
    if (request.url === '/missing') response.writeHead(404).end();
    else if (request.url === '/away') response.writeHead(302, { location: '/landed' }).end();
    else if (request.url === '/reset') request.socket.resetAndDestroy();
    else response.end('body');
  });
  const port = await listen(t, target);
  const proxy = createServer((request, response) => {
    note(request);
    response.end('body');
  });
  proxy.on('connect', (request, client) => {
    note(request);
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const server = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(server).pipe(client);
    });
    server.on('error', () => client.destroy());
    client.on('error', () => server.destroy());
  });
  const proxyPort = await listen(t, proxy);
  const login = `${SECRETS.user}:${SECRETS.password}@`;
  writeFileSync(
    join(cwd, 'list.txt'),
    ['/', '/missing', '/away', '/reset', '/ with space']
      .map((path) => `http://${login}127.0.0.1:${port}${path}`)
      .concat(`http://127.0.0.1:${port}/netrc`, `nonsense://${login}h/`, `http://${login}127.0.0.1:1/refused`)
      .join('\n'),
  );
  writeFileSync(join(cwd, 'netrc'), `machine 127.0.0.1 login tom password ${SECRETS.netrc}\n`);
  writeFileSync(join(cwd, 'headers'), `Cookie: session=${SECRETS.fileHeader}\n`);
  const common = [
    '--header',
    `X-Api-Key: ${SECRETS.header}`,
    '--header-file',
    'headers',
    '--netrc',
    'netrc',
    '--retries',
    '1',
  ];
  const outputs = ['out', 'out.warc', 'out.ndjson'];
  for (const output of outputs) {
    const { stdout, stderr, exitCode } = await spillway(
      cwd,
      ['fetch', 'list.txt', '--to', output, '--json', ...common],
      {},
    );
    assert.ok(exitCode === 1, `${exitCode} ${stderr}`);
    assertNowhere([
      ['stdout', stdout],
      ['stderr', stderr],
    ]);
  }
  const proxied = await spillway(
    cwd,
    [
      'fetch',
      `http://${login}127.0.0.1:${port}/proxied`,
      '--to',
      'proxied',
      ...common,
      '--proxy',
      `http://me:${SECRETS.proxy}@127.0.0.1:${proxyPort}`,
    ],
    {},
  );
  // A proxy that is not there: what cannot be connected to is named, without its password.
  const unreachable = await spillway(
    cwd,
    ['fetch', `https://127.0.0.1:${port}/`, '--to', 'unreachable', '--retries', '0'],
    { https_proxy: `http://me:${SECRETS.proxy}@127.0.0.1:1` },
  );
  const status = await spillway(cwd, ['status', 'out'], {});
  for (const [name, ended] of Object.entries({ proxied, unreachable, status }))
    assertNowhere([
      [`stdout of ${name}`, ended.stdout],
      [`stderr of ${name}`, ended.stderr],
    ]);
  const inputs = new Set(['list.txt', 'netrc', 'headers'].map((name) => join(cwd, name)));
  const written = [...filesBelow(cwd)].filter((path) => !inputs.has(path));
  assert.ok(written.length > 10, written.join('\n'));
  assertNowhere(written.map((path) => [path, readFileSync(path, 'latin1')] as const));
  // The secrets were of use: they did reach the servers.
  assert.deepEqual([...seen].sort(), ['authorization', 'cookie', 'proxy-authorization', 'x-api-key']);
});

/** Each takes a login apart in another way; none is a URL that can be asked for. */
const BROKEN_URLS = (secret: string, host: string): string[] => [
  `u:${secret}@${host}/x`,
  `${secret}:@${host}/x`,
  `http://u:s3/${secret}@${host}/x`,
  `http://u:s3 ${secret}/@${host}:99999/x`,
  `http://u:${secret}@${host}:99999/x`,
  `http://u:${secret}${'0'.repeat(300)}@${host}:99999/x`,
  `http://u:${secret}@`,
  `ftp://u:${secret}@${host}/x`,
];

test('of lines and redirects that are no URL, and of pages, no login is shown or kept', async (t) => {
  const cwd = scratchDirectory(t);
  const { password } = SECRETS;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://h');
    if (pathname === '/away')
      response.writeHead(302, { location: locations[Number(searchParams.get('n'))] }).end();
    else if (pathname === '/list' || pathname === '/linked') {
      const isFirst = (searchParams.get('start') ?? '0') === '0' && searchParams.get('page') === null;
      const next = `<http://u:${password}@127.0.0.1:${port}/linked?page=2>; rel="next"`;
      if (pathname === '/linked' && isFirst) response.setHeader('link', next);
      const items = [`http://127.0.0.1:${port}/of-a-page`, ...locations.map((url) => ({ url }))];
      response.end(JSON.stringify(isFirst ? items : []));
    } else if (pathname === '/no-list') response.end('{}');
    else response.end('body');
  });
  const port = await listen(t, server);
  const host = `127.0.0.1:${port}`;
  const locations = BROKEN_URLS(password, '127.0.0.1');
  const lines = [
    ...BROKEN_URLS(password, host),
    ...locations.map((_, n) => `http://${host}/away?n=${n}`),
    `http://${host}/mail@host?to=a@b`,
  ];
  writeFileSync(join(cwd, 'list.txt'), lines.join('\n'));
  writeFileSync(join(cwd, 'list.jsonl'), lines.map((url) => JSON.stringify({ url })).join('\n'));
  const rows = lines.map((url) => `http://${host}/page,"${url}"`);
  writeFileSync(
    join(cwd, 'list.csv'),
    ['page,url', ...rows, `http://u:${password}@${host}/page,`].join('\n'),
  );
  const inputs = new Set(filesBelow(cwd));
  const shown: [string, string][] = [];
  const run = async (...args: string[]) => {
    const ended = await spillway(cwd, args, {});
    shown.push([`stdout of ${args.join(' ')}`, ended.stdout], [`stderr of ${args.join(' ')}`, ended.stderr]);
    return ended;
  };
  for (const list of ['list.txt', 'list.jsonl', 'list.csv']) {
    const ended = await run('fetch', list, '--to', `${list}.out`, '--retries', '0');
    assert.equal(ended.exitCode, 1, ended.stderr);
    assert.match(ended.stdout, / = 1 ok \+ /u);
    // Read again beside what was kept of it.
    const again = await run('fetch', list, '--to', `${list}.out`, '--retries', '0', '--json');
    assert.equal(again.exitCode, 1, again.stderr);
    const outcomes = await run('outcomes', `${list}.out`);
    assert.match(outcomes.stdout, /\/mail@host\?to=a@b"/u);
    await run('status', `${list}.out`);
    await run('retry', `${list}.out`);
    await run('fetch', list, '--to', `${list}.strict`, '--strict');
  }
  const login = `http://u:${password}@${host}`;
  const paged = await run(
    'fetch',
    '--list-api',
    `${login}/list`,
    '--list-item-url',
    '{url}',
    '--to',
    'pages',
  );
  assert.equal(paged.exitCode, 1, paged.stderr);
  await run('fetch', '--list-api', `http://${host}/linked`, '--list-paging', 'link', '--to', 'linked');
  assert.match(
    (await run('fetch', '--list-api', `${login}/no-list`, '--to', 'no-list')).stdout,
    /expected an array in page 1/u,
  );
  await run('fetch', `http://u:${password}@127.0.0.1:{${port}..${port}}/x`, '--to', 'template');
  assert.equal((await run('resume', 'template')).exitCode, 2);
  assertNowhere(shown);
  const written = [...filesBelow(cwd)].filter((path) => !inputs.has(path));
  assert.ok(written.length > 10, written.join('\n'));
  assertNowhere(written.map((path) => [path, readFileSync(path, 'latin1')] as const));
});

test('what is refused is said without its credentials', async (t) => {
  const cwd = scratchDirectory(t);
  const { password, header } = SECRETS;
  const login = `http://u:${password}@127.0.0.1`;
  const target = 'http://127.0.0.1:1/a';
  const refusals: (readonly [args: readonly string[], message: RegExp])[] = [
    [
      ['fetch', target, '--proxy', `${login}:99999`],
      /--proxy: expected a URL .*, found "http:\/\/127\.0\.0\.1:99999"/u,
    ],
    [['fetch', '--list-api', `${login}:99999/list`], /--list-api: expected a URL .*, found "http:/u],
    [
      ['fetch', `${login}:99999/x`],
      /^spillway: source: expected an absolute http or https URL, found "http:\/\/127\.0\.0\.1:99999\/x"\n$/u,
    ],
    [
      ['fetch', `${login}:99999/{0..9}`],
      /^spillway: template: expected a URL with ranges [^"]*, found no http or https URL in "http:\/\/127\.0\.0\.1:99999\/\{0\.\.9\}"\n$/u,
    ],
    [['fetch', `${login}/{5..}`], /found the range \{5\.\.\} in "http:\/\/127/u],
    [['fetch', `http://u:${password}@`], /found "http:\/\/"/u],
    [
      ['fetch', `ftp://u:${password}@h/`],
      /^spillway: source: expected http or https, found "ftp:" in "ftp:\/\/h\/"\n$/u,
    ],
    [['fetch', `u:${password}@127.0.0.1:18100/x`], /found "127\.0\.0\.1:18100\/x" \(ENOENT\)/u],
    [
      ['fetch', target, '--header', `Authorization Bearer ${header}`],
      /--header: .* found number 1 without a name/u,
    ],
    [
      ['fetch', target, '--header', 'Accept: a', '--header', `Authorization: ${header}\u0001`],
      /--header: .* found number 2, Authorization, with characters/u,
    ],
    [
      ['fetch', '--list-api', target, '--list-param', `token${header}`],
      /--list-param: .* found number 1 without/u,
    ],
    [['fetch', target, `--headers=Authorization: ${header}`], /unknown option '--headers'/u],
    [['fetch', target, `-HAuthorization: ${header}`], /unknown option '-H'/u],
    [['fetch', target, '--to', `u:${password}@h/out.warc.zst`], /--to: expected \.warc/u],
    [['fetch', target, '--ca', `${login}/ca.pem`], /--ca: expected a readable file/u],
    [[`${login}/x`], /unknown command 'http:\/\/127\.0\.0\.1\/x'/u],
    [['bench', '--origin', `${login}/`], /--origin: expected an origin .*, found "http:\/\/127\.0\.0\.1\/"/u],
    [['bench', '--strategy', `async:${login}`], /--strategy: expected /u],
    ...['resume', 'retry', 'status', 'outcomes'].map(
      (command) => [[command, `${login}/x`], /^spillway: run: expected .* at "http:\/\/127/u] as const,
    ),
    [['verify', `${login}/x`], /^spillway: verify: expected .* at "http:\/\/127/u],
    [['resume', cwd, '--header', `Authorization ${header}`], /--header: .* found number 1 without/u],
  ];
  for (const [args, message] of refusals) {
    const { exitCode, stdout, stderr } = await spillway(cwd, args, {});
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, message);
    assertNowhere([
      [`stdout of ${args.join(' ')}`, stdout],
      [`stderr of ${args.join(' ')}`, stderr],
    ]);
  }
});

test('what servers and lists say reaches the terminal without control characters', async (t) => {
  const cwd = scratchDirectory(t);
  const evil = '\u001b]0;owned\u0007\u001b[2J<script>alert(1)</script>\u009b31m';
  const server = createServer((request, response) => {
    const { socket } = request;
    if (request.url === '/location')
      socket.end(`HTTP/1.1 302 Found\r\nlocation: gopher://${evil}\r\ncontent-length: 0\r\n\r\n`, 'latin1');
    else if (request.url === '/encoding')
      socket.end(`HTTP/1.1 200 OK\r\ncontent-encoding: ${evil}\r\ncontent-length: 0\r\n\r\n`, 'latin1');
    else if (request.url === '/reason')
      socket.end(`HTTP/1.1 404 ${evil}\r\ncontent-length: 0\r\n\r\n`, 'latin1');
    else response.destroy();
  });
  const port = await listen(t, server);
  const origin = `http://127.0.0.1:${port}`;
  writeFileSync(
    join(cwd, 'list.txt'),
    [`${origin}/location`, `${origin}/encoding`, `${origin}/reason`, evil].join('\n'),
  );
  const ended = await spillway(cwd, ['fetch', 'list.txt', '--to', 'out', '--retries', '0'], {});
  const shown = ended.stdout + ended.stderr;
  assert.match(shown, /4 targets = 0 ok \+ 4 failed/u);
  assert.ok(
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u.test(shown),
    JSON.stringify(shown),
  );
  const json = await spillway(cwd, ['fetch', 'list.txt', '--to', 'json', '--retries', '0', '--json'], {});
  assert.equal((JSON.parse(json.stdout) as { failed: number }).failed, 4);
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  assert.ok(!/[\u0000-\u0008\u000b-\u001f\u007f]/u.test(json.stdout), json.stdout);
});
