// The routes over real HTTP, the same for every way a replica may answer.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseServerStats, startServer } from '../../src/server/cluster.ts';
import type { MockServer, ServerOptions, ServerStats, ServerStatsJson } from '../../src/server/cluster.ts';
import { RawConnection, get } from './raw-connection.ts';
import { waitUntil } from './wait-until.ts';

const bodyOf = (n: number): string => `{"message":"ok","value":${n}}`;
const textOf = (n: number): string => `${n}`;
const FORMS = [
  { answer: 'json', type: 'application/json', write: bodyOf },
  { answer: 'text', type: 'text/plain; charset=UTF-8', write: textOf },
] as const;

for (const lean of [false, true]) {
  suite(`the routes of a ${lean ? 'lean' : 'Fastify'} server`, () => {
    const start = (options: ServerOptions): Promise<MockServer> =>
      startServer({ delayMs: 0, lean, ...options });

    for (const { answer: form, type, write } of FORMS) {
      test(`a trial is answered with its number as ${form}, by GET and in the fields of HEAD`, async () => {
        await using server = await start({ items: 1000, answer: form });
        for (const n of [0, 7, 41, 999]) {
          const answer = await fetch(`${server.origins[0]}/${n}`);
          assert.equal(answer.status, 200);
          assert.equal(answer.headers.get('content-type'), type);
          assert.equal(answer.headers.get('content-length'), String(write(n).length));
          assert.ok(Math.abs(Date.parse(answer.headers.get('date') ?? '') - Date.now()) < 60_000);
          const text = await answer.text();
          assert.equal(text, write(n));
          const read: unknown = JSON.parse(text);
          assert.equal(form === 'json' ? (read as { value: unknown }).value : read, n);
        }
        const connection = await RawConnection.open(server.origins[0] ?? '');
        connection.write(get('/8', 'Connection: close\r\n'));
        assert.equal((await connection.ended())[0]?.body, write(8));
        const head = await fetch(`${server.origins[0]}/41`, { method: 'HEAD' });
        assert.equal(head.headers.get('content-length'), String(write(41).length));
        assert.equal(head.headers.get('content-type'), type);
      });
    }

    test('two Host fields are refused, whatever is asked for, and the server lives on', async () => {
      await using server = await start({});
      for (const path of ['/1', '/stats', '/no-such-route']) {
        const connection = await RawConnection.open(server.origins[0] ?? '');
        connection.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nhOsT: b\r\nConnection: close\r\n\r\n`);
        const [answer] = await connection.ended();
        assert.equal(answer?.status, 400, path);
        assert.match(answer?.body ?? '', /expected one Host field, found 2/u);
      }
      assert.equal(await (await fetch(`${server.origins[0]}/2`)).text(), bodyOf(2));
      assert.equal((await server.stats()).trials.received, 1);
    });

    test('what is no canonical integer in range is not found, at once and saying why', async () => {
      await using server = await start({ items: 1000, delayMs: 3_600_000 });
      const paths = [
        '/007',
        '/1.0',
        '/-1',
        '/+1',
        '/1e3',
        '/%201',
        '/1%20',
        '/1000',
        '/9'.repeat(2),
        '/x',
        '/0x1',
        '/',
      ];
      for (const path of [...paths, `/${'9'.repeat(300)}`, '/1/', '//1']) {
        const answer = await fetch(`${server.origins[0]}${path}`);
        assert.equal(answer.status, 404, path);
        const problem = (await answer.json()) as { statusCode: number; message: string };
        assert.equal(problem.statusCode, 404);
        assert.match(problem.message, /^expected .*, found /);
      }
      assert.equal((await server.stats()).trials.received, 0);
    });

    test('a percent-encoded digit and a query string name the same trial', async () => {
      await using server = await start({});
      assert.equal(await (await fetch(`${server.origins[0]}/%34%31`)).text(), bodyOf(41));
      assert.equal(await (await fetch(`${server.origins[0]}/41?x=1`)).text(), bodyOf(41));
      assert.equal((await server.stats()).trials.answered, 2);
    });

    test('HEAD has the header fields of GET, no body, and counts as no trial', async () => {
      await using server = await start({});
      const connection = await RawConnection.open(server.origins[0] ?? '');
      connection.hasBodies = false;
      connection.write('HEAD /41 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /x HTTP/1.1\r\nHost: x\r\n\r\n');
      const [found, missing] = await connection.take(2);
      assert.deepEqual([found?.status, missing?.status], [200, 404]);
      assert.equal(found?.headers['content-length'], String(bodyOf(41).length));
      assert.equal(found?.headers['content-type'], 'application/json');
      connection.close();
      const { trials } = await server.stats();
      assert.deepEqual([trials.received, trials.answered], [0, 0]);
    });

    test('an answer is never earlier than the delay, whenever its request comes', async () => {
      const delayMs = 40;
      await using server = await start({ delayMs, replicas: 2 });
      const connections = await Promise.all(
        Array.from({ length: 8 }, () => RawConnection.open(server.origins[0] ?? '')),
      );
      for (let round = 0; round < 12; round += 1) {
        const waits = connections.map(async (connection, index) => {
          for (let spin = 0; spin < (round * index) % 7; spin += 1) await new Promise(setImmediate);
          const sentMs = performance.now();
          connection.write(get(`/${index}`) + get(`/${index + 100}`));
          for (const { atMs } of await connection.take(2)) {
            assert.ok(atMs - sentMs >= delayMs, `answered after ${atMs - sentMs} ms of ${delayMs}`);
          }
        });
        await Promise.all(waits);
      }
      for (const connection of connections) connection.close();
    });

    test('a pipeline of a thousand trials on one connection is answered in order, delayed once', async () => {
      await using server = await start({ delayMs: 100, items: 5000 });
      const connection = await RawConnection.open(server.origins[0] ?? '');
      const numbers = Array.from({ length: 1000 }, (_, index) => (index * 37) % 5000);
      const sentMs = performance.now();
      connection.write(numbers.map((n) => get(`/${n}`)).join(''));
      const answers = await connection.take(1000);
      assert.deepEqual(
        answers.map(({ body }) => body),
        numbers.map(bodyOf),
      );
      const tookMs = performance.now() - sentMs;
      assert.ok(tookMs >= 100 && tookMs < 20_000, `${tookMs} ms for one delay of 100`);
      connection.close();
      const { trials } = await server.stats();
      assert.equal(trials.answered, 1000);
      assert.ok(trials.peakInFlight > 500 && trials.peakInFlight <= 1000, `peak ${trials.peakInFlight}`);
    });

    test('requests split at every byte are answered as if whole', async () => {
      await using server = await start({});
      const connection = await RawConnection.open(server.origins[0] ?? '');
      const bytes =
        get('/41') + get('/7', 'Accept: text/plain\r\nX-Empty:\r\n') + get('/stats?bitmap=false') + get('/3');
      for (const byte of bytes) {
        connection.write(byte);
        await new Promise(setImmediate);
      }
      const bodies = (await connection.take(4)).map(({ body }) => body);
      assert.deepEqual([bodies[0], bodies[1], bodies[3]], [41, 7, 3].map(bodyOf));
      // The trial behind it may be answered while the statistics are collected.
      assert.match(bodies[2] ?? '', /"answered":[23],/);
      connection.close();
    });

    test('statistics hold what was answered, number for number, over one, two and three replicas', async () => {
      for (const replicas of [1, 2, 3]) {
        await using server = await start({ items: 300, replicas });
        const origin = server.origins[0] ?? '';
        const connections = await Promise.all(Array.from({ length: 12 }, () => RawConnection.open(origin)));
        const numbers = [...Array.from({ length: 250 }, (_, n) => n), 0, 7, 7, 249];
        await Promise.all(
          connections.map(async (connection, lane) => {
            const mine = numbers.filter((_, index) => index % connections.length === lane);
            connection.write(mine.map((n) => get(`/${n}`)).join(''));
            await connection.take(mine.length);
          }),
        );
        const stats = await statsOverHttp(origin);
        const { trials } = stats;
        assert.deepEqual([trials.received, trials.answered], [254, 254]);
        assert.deepEqual([trials.distinct, trials.duplicates], [250, 4]);
        assert.deepEqual([trials.inFlight, trials.abandoned], [0, 0]);
        assert.deepEqual(
          bitsOf(trials.seenBitmap),
          Array.from({ length: 250 }, (_, n) => n),
        );
        assert.deepEqual(bitsOf(trials.repeatedBitmap), [0, 7, 249]);
        assert.equal(trials.sum, BigInt(numbers.reduce((sum, n) => sum + n, 0)));
        assert.equal(trials.sumOfSquares, BigInt(numbers.reduce((sum, n) => sum + n * n, 0)));
        assert.equal(stats.replicas.length, replicas);
        assert.equal(stats.replicasReplaced, 0);
        assert.ok(stats.connections.open >= 12 && stats.connections.total <= 20);
        assert.ok(stats.rssBytes > 20e6 * replicas && stats.rssBytes < 400e6 * replicas);
        assert.deepEqual((await server.stats()).trials, trials);
        for (const connection of connections) connection.close();
      }
    });

    test('a reset starts all replicas again before it answers', async () => {
      await using server = await start({ replicas: 3 });
      const origin = server.origins[0] ?? '';
      for (let n = 0; n < 20; n += 1) await (await fetch(`${origin}/${n}`)).text();
      assert.equal((await fetch(`${origin}/stats/reset`, { method: 'POST' })).status, 204);
      const cleared = (await statsOverHttp(origin)).trials;
      assert.deepEqual([cleared.received, cleared.answered, cleared.distinct, cleared.sum], [0, 0, 0, 0n]);
      assert.deepEqual(bitsOf(cleared.seenBitmap), []);
      await (await fetch(`${origin}/5`)).text();
      assert.equal((await statsOverHttp(origin)).trials.answered, 1);
      await server.reset();
      assert.equal((await server.stats()).trials.answered, 0);
    });

    test('bitmaps are left out of the statistics on demand, and another wish is refused', async () => {
      await using server = await start({});
      const lean = (await (await fetch(`${server.origins[0]}/stats?bitmap=false`)).json()) as ServerStatsJson;
      assert.equal(lean.trials.seenBitmap, null);
      assert.equal(lean.downloads.repeatedBitmap, null);
      const refused = await fetch(`${server.origins[0]}/stats?bitmap=no`);
      assert.equal(refused.status, 400);
      assert.match(await refused.text(), /bitmap: expected true or false, found \\"no\\"/);
    });

    test('a client that leaves is counted as abandoned, not as answered', async () => {
      await using server = await start({ delayMs: 60_000 });
      const connection = await RawConnection.open(server.origins[0] ?? '');
      connection.write(get('/1') + get('/2') + get('/3'));
      await waitUntil('three in flight', async () => (await server.stats()).trials.inFlight === 3);
      connection.close();
      await waitUntil('all abandoned', async () => (await server.stats()).trials.abandoned === 3);
      const { trials } = await server.stats();
      assert.deepEqual([trials.received, trials.answered, trials.inFlight], [3, 0, 0]);
    });

    test('metrics for Prometheus are those of all replicas', async () => {
      await using server = await start({ replicas: 2 });
      const origin = server.origins[0] ?? '';
      for (const n of [1, 2, 2]) await (await fetch(`${origin}/${n}`)).text();
      const answer = await fetch(`${origin}/metrics`);
      assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
      const text = await answer.text();
      assert.match(text, /^spillway_server_answered_total\{kind="trial"\} 3$/m);
      assert.match(text, /^spillway_server_distinct\{kind="trial"\} 2$/m);
      assert.match(text, /^spillway_server_duplicates\{kind="trial"\} 1$/m);
      assert.match(text, /^spillway_server_replicas 2$/m);
      assert.match(text, /^# TYPE spillway_server_connections_total counter$/m);
    });

    test('pages of the list lead to every file exactly once', async () => {
      await using server = await start({ replicas: 2 });
      const origin = server.origins[0] ?? '';
      for (const send of [asForm, asJson, asQuery]) {
        await server.reset();
        const bodies: string[] = [];
        let more = true;
        for (let start = 0; more; start += 4) {
          const page = await send(`${origin}/api/list_files`, { start, per_page: 4 });
          assert.equal(page.status, 200);
          more = page.headers.get('more') === 'true';
          assert.equal(more, start + 4 < 25);
          const { urls } = (await page.json()) as { urls: string[] };
          assert.equal(urls.length, Math.min(4, 25 - start));
          for (const id of urls) {
            assert.match(id, /^[0-9a-f]{32}$/u);
            const file = await fetch(`${origin}/api/download/${id}`);
            assert.equal(file.headers.get('content-type'), 'text/plain; charset=UTF-8');
            assert.equal(file.headers.get('content-disposition'), `attachment; filename=${id}.txt`);
            bodies.push(await file.text());
          }
        }
        assert.deepEqual(
          bodies,
          Array.from({ length: 25 }, (_, index) => `${index + 1} of 25`),
        );
        const { trials, downloads } = await server.stats();
        assert.deepEqual([downloads.answered, downloads.distinct, downloads.duplicates], [25, 25, 0]);
        assert.equal(trials.received, 0);
      }
    });

    test('a page has three files unless told, and five at most', async () => {
      await using server = await start({});
      const list = `${server.origins[0]}/api/list_files`;
      const countOf = async (answer: Response): Promise<number> =>
        ((await answer.json()) as { urls: string[] }).urls.length;
      assert.equal(await countOf(await fetch(list, { method: 'POST' })), 3);
      assert.equal(await countOf(await asForm(list, { start: 0, per_page: 99 })), 5);
      const beyond = await asForm(list, { start: 25, per_page: 5 });
      assert.equal(beyond.headers.get('more'), 'false');
      assert.equal(await countOf(beyond), 0);
    });

    test('a bad page is refused with what was expected', async () => {
      await using server = await start({});
      const list = `${server.origins[0]}/api/list_files`;
      const bad = await asJson(list, { start: -1 });
      assert.equal(bad.status, 400);
      assert.match(await bad.text(), /start: expected one integer of at least 0, found -1/);
      const broken = await fetch(list, {
        method: 'POST',
        body: '{',
        headers: { 'content-type': 'application/json' },
      });
      assert.equal(broken.status, 400);
      const strange = await fetch(list, {
        method: 'POST',
        body: 'start=1',
        headers: { 'content-type': 'text/csv' },
      });
      assert.equal(strange.status, 415);
      assert.match(await strange.text(), /x-www-form-urlencoded or application\/json, found text\/csv/);
    });

    test('the full list shows every file with its number, the same from every replica', async () => {
      await using server = await start({ replicas: 3, seed: 'the same' });
      const list = `${server.origins[0]}/api/list_files`;
      const texts = new Set<string>();
      for (let round = 0; round < 12; round += 1) {
        texts.add(await (await fetch(list, { headers: { connection: 'close' } })).text());
      }
      assert.equal(texts.size, 1);
      const [text = ''] = texts;
      const { data } = JSON.parse(text) as { data: Record<string, number>[] };
      assert.deepEqual(
        data.map((entry) => Object.values(entry)),
        Array.from({ length: 25 }, (_, index) => [index]),
      );
      for (const [id = '', number = -1] of data.flatMap((entry) => Object.entries(entry))) {
        const file = await fetch(`${server.origins[0]}/api/download/${id}`);
        assert.equal(await file.text(), `${number + 1} of 25`);
      }
      await using again = await start({ seed: 'the same' });
      assert.equal(await (await fetch(`${again.origins[0]}/api/list_files`)).text(), text);
      await using unseeded = await start({});
      assert.notEqual(await (await fetch(`${unseeded.origins[0]}/api/list_files`)).text(), text);
    });

    test('a body has the size asked for, is the same each time and another for each number', async () => {
      await using server = await start({ replicas: 2 });
      const origin = server.origins[0] ?? '';
      const digests = new Set<string>();
      const sizes = [0, 1, 1024, 65_536, 65_537, 1_048_576, 1_048_577, 5_000_000];
      for (const size of sizes) {
        for (const n of [0, 67_108_863]) {
          const first = await fetch(`${origin}/bytes/${size}/${n}`, { headers: { connection: 'close' } });
          const again = await fetch(`${origin}/bytes/${size}/${n}`, { headers: { connection: 'close' } });
          assert.equal(first.headers.get('content-length'), String(size));
          assert.equal(first.headers.get('content-type'), 'application/octet-stream');
          assert.equal(first.headers.get('etag'), `"${size}-${n}"`);
          const bytes = Buffer.from(await first.arrayBuffer());
          assert.equal(bytes.length, size);
          assert.ok(bytes.equals(Buffer.from(await again.arrayBuffer())), `${size}/${n} twice`);
          // No prefix of a longer one either.
          digests.add(bytes.toString('hex', 0, 1024));
        }
      }
      assert.equal(digests.size, sizes.length * 2 - 1, 'all differ but the empty ones');
      assert.equal(
        Buffer.from(await (await fetch(`${origin}/bytes/8/41`)).arrayBuffer()).toString('hex'),
        'ed6330f935fa3ba4',
        'the same in every version',
      );
      assert.equal((await server.stats()).trials.received, 0);
    });

    test('HEAD of a body says its length and tag; a size or number out of range is not found', async () => {
      await using server = await start({});
      const origin = server.origins[0] ?? '';
      const connection = await RawConnection.open(origin);
      connection.hasBodies = false;
      connection.write(
        'HEAD /bytes/2000000/7 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /bytes/0/0 HTTP/1.1\r\nHost: x\r\n\r\n',
      );
      const [large, empty] = await connection.take(2);
      assert.deepEqual([large?.status, empty?.status], [200, 200]);
      assert.deepEqual(
        [large?.headers['content-length'], empty?.headers['content-length']],
        ['2000000', '0'],
      );
      assert.equal(large?.headers['etag'], '"2000000-7"');
      connection.close();
      for (const path of [
        '1073741825/0',
        '10/67108864',
        '1k/0',
        '-1/0',
        '01/0',
        '10/x',
        '99999999999/0',
        '10',
      ]) {
        const answer = await fetch(`${origin}/bytes/${path}`);
        assert.equal(answer.status, 404, path);
        assert.match(await answer.text(), /expected .*, found /);
      }
    });

    test('a body waits for the delay as every answer does, and a client may leave in the middle of it', async () => {
      await using server = await start({ delayMs: 150 });
      const origin = server.origins[0] ?? '';
      const sentMs = performance.now();
      const answer = await fetch(`${origin}/bytes/10/1`);
      await answer.arrayBuffer();
      assert.ok(performance.now() - sentMs >= 150);
      const connection = await RawConnection.open(origin);
      connection.hasBodies = false;
      connection.write(get('/bytes/1073741824/0'));
      await connection.take(1);
      connection.close();
      await waitUntil('it has left', async () => (await server.stats()).connections.open <= 1);
      assert.equal(await (await fetch(`${origin}/7`)).text(), bodyOf(7));
    });

    test('an unknown id is not found', async () => {
      await using server = await start({});
      for (const id of ['x', '0'.repeat(32), 'f'.repeat(32)]) {
        const answer = await fetch(`${server.origins[0]}/api/download/${id}`);
        assert.equal(answer.status, 404);
        assert.match(await answer.text(), /expected the id of a file of this run, found/);
      }
      assert.equal((await server.stats()).downloads.received, 0);
    });
  });
}

async function statsOverHttp(origin: string): Promise<ServerStats> {
  return parseServerStats((await (await fetch(`${origin}/stats`)).json()) as ServerStatsJson);
}

function bitsOf(bitmap: Uint8Array | null): number[] {
  const bits: number[] = [];
  for (const [index, byte] of (bitmap ?? []).entries()) {
    for (let bit = 0; bit < 8; bit += 1) if ((byte & (1 << bit)) !== 0) bits.push(index * 8 + bit);
  }
  return bits;
}

type Fields = Record<string, number>;

function asForm(url: string, fields: Fields): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(entriesOf(fields)) });
}

function asJson(url: string, fields: Fields): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body: JSON.stringify(fields),
    headers: { 'content-type': 'application/json' },
  });
}

function asQuery(url: string, fields: Fields): Promise<Response> {
  return fetch(`${url}?${new URLSearchParams(entriesOf(fields)).toString()}`, { method: 'POST' });
}

function entriesOf(fields: Fields): [string, string][] {
  return Object.entries(fields).map(([name, value]) => [name, String(value)]);
}
