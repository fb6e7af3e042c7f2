import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { test } from 'node:test';
import { startServer } from '../../src/server/cluster.ts';
import { waitUntil } from './wait-until.ts';

async function request(
  session: ClientHttp2Session,
  path: string,
  method = 'GET',
): Promise<{ status: number; type: string; body: string }> {
  const stream = session.request({ ':path': path, ':method': method });
  stream.setEncoding('utf8');
  // A stream may end without an error and without an answer.
  const lost = once(stream, 'close').then(() => Promise.reject(new Error(`no answer to ${path}`)));
  lost.catch(() => {});
  const response = once(stream, 'response') as Promise<[Record<string, string | number>]>;
  const [headers] = await Promise.race([response, lost]);
  let body = '';
  for await (const text of stream) body += String(text);
  return { status: Number(headers[':status']), type: String(headers['content-type']), body };
}

test('a thousand streams on one connection wait for one delay together', async () => {
  const delayMs = 200;
  await using server = await startServer({ delayMs, h2c: true, items: 1000 });
  const session = connect(server.h2cOrigins[0] ?? '');
  await once(session, 'remoteSettings');
  assert.ok((session.remoteSettings.maxConcurrentStreams ?? 0) >= 1000);
  const startMs = performance.now();
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, n) => request(session, `/${n}`)));
  const tookMs = performance.now() - startMs;
  for (const [n, answer] of answers.entries()) {
    assert.deepEqual(answer, {
      status: 200,
      type: 'application/json',
      body: `{"message":"ok","value":${n}}`,
    });
  }
  assert.ok(tookMs >= delayMs && tookMs < 100 * delayMs, `${tookMs} ms`);
  const { trials, connections } = await server.stats();
  assert.deepEqual([trials.answered, trials.distinct, connections.total], [1000, 1000, 1]);
  assert.ok(trials.peakInFlight > 100);
  session.close();
});

test('the other routes answer over HTTP/2 as well', async () => {
  await using server = await startServer({ delayMs: 0, h2c: true });
  const session = connect(server.h2cOrigins[0] ?? '');
  assert.equal((await request(session, '/007')).status, 404);
  assert.equal((await request(session, '/5', 'HEAD')).body, '');
  const page = await request(session, '/api/list_files', 'POST');
  const { urls } = JSON.parse(page.body) as { urls: string[] };
  assert.equal((await request(session, `/api/download/${urls[1]}`)).body, '2 of 25');
  assert.match((await request(session, '/stats')).body, /"answered":0/);
  assert.match((await request(session, '/docs/')).body, /swagger-ui/);
  session.close();
});

test('a stream that is reset is abandoned, while its connection lives on', async () => {
  await using server = await startServer({ delayMs: 300, h2c: true, answer: 'text' });
  const session = connect(server.h2cOrigins[0] ?? '');
  const doomed = session.request({ ':path': '/1' });
  doomed.on('error', () => {});
  await waitUntil('in flight', async () => (await server.stats()).trials.inFlight === 1);
  doomed.close(8);
  assert.equal((await request(session, '/2')).body, '2');
  const { trials } = await server.stats();
  assert.deepEqual([trials.answered, trials.abandoned, trials.received], [1, 1, 2]);
  session.close();
});

test('closing the server lets open streams finish', async () => {
  const server = await startServer({ delayMs: 300, h2c: true, answer: 'text', drainMs: 20_000 });
  const session = connect(server.h2cOrigins[0] ?? '');
  const answers = [request(session, '/1'), request(session, '/2')];
  await waitUntil('in flight', async () => (await server.stats()).trials.inFlight === 2);
  const closed = server.close();
  assert.deepEqual(
    (await Promise.all(answers)).map(({ body }) => body),
    ['1', '2'],
  );
  await closed;
});
