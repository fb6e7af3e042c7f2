import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { scratchDirectory } from '../helpers/scratch.ts';
import { type Changes, fetchUrls, listen } from './fetch-world.ts';

const TARGET_COUNT = 600;
const MAX_IN_FLIGHT = 8;

const LOGINS = {
  'no login': () => '',
  'the login of its URL': () => 'u:p@',
  'a login of its own for each target': (at: number) => `u${at}:p${at}@`,
} as const;

for (const transport of ['auto', 'undici'] as const) {
  for (const [what, loginOf] of Object.entries(LOGINS))
    test(`requests with ${what} share the connections of their origin (${transport})`, async (t) => {
      await assertShared(t, loginOf, { request: { transport } }, what !== 'no login');
    });

  test(`requests with a login of netrc share the connections of their origin (${transport})`, async (t) => {
    const netrcFile = join(scratchDirectory(t), 'netrc');
    writeFileSync(netrcFile, 'machine 127.0.0.1 login u password p\n');
    await assertShared(t, () => '', { netrcFile, request: { transport } }, true);
  });
}

async function assertShared(
  t: Parameters<typeof fetchUrls>[0],
  loginOf: (at: number) => string,
  changes: Changes,
  hasLogin: boolean,
): Promise<void> {
  let connections = 0;
  const logins = new Map<string, string>();
  const server = createServer((request, response) => {
    logins.set(request.url ?? '', request.headers.authorization ?? '');
    response.end('body');
  });
  server.on('connection', () => connections++);
  const port = await listen(t, server);
  const urls = Array.from(
    { length: TARGET_COUNT },
    (_, at) => `http://${loginOf(at)}127.0.0.1:${port}/${at}`,
  );
  const { report } = await fetchUrls(t, urls, { ...changes, to: 'discard', maxInFlight: MAX_IN_FLIGHT });
  assert.equal(report.ok, TARGET_COUNT);
  assert.ok(connections <= MAX_IN_FLIGHT, `${connections} connections`);
  assert.equal(report.connectionsOpened, connections);
  for (let at = 0; at < TARGET_COUNT; at++) {
    const own = loginOf(at).slice(0, -1) || 'u:p';
    const expected = hasLogin ? `Basic ${Buffer.from(own).toString('base64')}` : '';
    assert.equal(logins.get(`/${at}`), expected);
  }
}
