// What only the lean way of answering can get wrong: handing connections over, joined writes, clients that do not read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../../../src/server/cluster.ts';
import { Random } from '../../helpers/random.ts';
import { RawConnection, get } from '../raw-connection.ts';
import type { RawAnswer } from '../raw-connection.ts';
import { waitUntil } from '../wait-until.ts';

const FORM = 'start=24&per_page=1';
const POST = `POST /api/list_files HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${FORM.length}\r\n\r\n${FORM}`;

test('other requests on a connection are answered after the trials before them and before those behind', async () => {
  for (const delayMs of [0, 60]) {
    await using server = await startServer({ delayMs, lean: true, answer: 'text' });
    const connection = await RawConnection.open(server.origins[0] ?? '');
    connection.write(get('/1') + get('/2') + POST + get('/3') + get('/x') + get('/4'));
    const answers = await connection.take(6);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 404, 200],
    );
    assert.deepEqual(
      [0, 1, 3, 5].map((index) => answers[index]?.body),
      ['1', '2', '3', '4'],
    );
    assert.match(answers[2]?.body ?? '', /^\{"urls":\["[0-9a-f]{32}"\]\}$/);
    connection.write(get('/5'));
    assert.equal((await connection.take(1))[0]?.body, '5');
    const { trials, connections } = await server.stats();
    assert.deepEqual([trials.answered, trials.distinct, trials.inFlight], [5, 5, 0]);
    assert.deepEqual([connections.open, connections.total], [1, 1]);
    connection.close();
  }
});

test('a connection that was handed over works whatever the splits were', async () => {
  await using server = await startServer({ delayMs: 5, lean: true, answer: 'text' });
  const bytes = get('/1') + POST + get('/2');
  for (let cut = 1; cut < bytes.length; cut += 3) {
    const connection = await RawConnection.open(server.origins[0] ?? '');
    connection.write(bytes.slice(0, cut));
    await new Promise(setImmediate);
    connection.write(bytes.slice(cut));
    const answers = await connection.take(3);
    assert.deepEqual([answers[0]?.body, answers[2]?.body], ['1', '2']);
    assert.match(answers[1]?.body ?? '', /urls/);
    connection.close();
  }
});

test('old, closing, expecting and broken requests get what the full server gives', async () => {
  await using server = await startServer({ delayMs: 0, lean: true, answer: 'text' });
  const exchange = async (bytes: string): Promise<RawAnswer[]> => {
    const connection = await RawConnection.open(server.origins[0] ?? '');
    connection.write(get('/1') + bytes);
    return connection.ended();
  };
  const summary = (answers: RawAnswer[]): unknown[] =>
    answers.map(({ status, body }) => [status, body.slice(0, 4)]);
  const one = [200, '1'];
  assert.deepEqual(summary(await exchange('GET /2 HTTP/1.0\r\n\r\n')), [one, [200, '2']]);
  assert.deepEqual(summary(await exchange(get('/2', 'Connection: close\r\n'))), [one, [200, '2']]);
  const refused = [400, '{"er'];
  assert.deepEqual(summary(await exchange('GET /2 HTTP/1.1\nHost: x\n\n')).slice(0, 1), [one]);
  const odd = [
    'nonsense\r\n\r\n',
    get('/2', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'),
    get('/2', 'Content-Length: 1\r\nContent-Length: 2\r\n'),
    get('/2', 'Bad Name: x\r\n'),
    'GET /2 HTTP/1.1\r\nHost: x\0\r\n\r\n',
  ];
  for (const bytes of odd) assert.deepEqual(summary(await exchange(bytes)), [one, refused], bytes);
  assert.equal((await exchange('GET /2 HTTP/1.1\r\n\r\n'))[1]?.status, 400);
  assert.equal((await exchange(get('/2', `X: ${'y'.repeat(40_000)}\r\n`)))[1]?.status, 431);

  const connection = await RawConnection.open(server.origins[0] ?? '');
  connection.write(get('/2', 'Expect: 100-continue\r\n'));
  assert.deepEqual(
    (await connection.take(2)).map(({ status }) => status),
    [100, 200],
  );
  connection.close();
});

test('a client that reads nothing is held back, and gets every answer in order when it does', async () => {
  const count = 60_000;
  await using server = await startServer({ delayMs: 0, lean: true, answer: 'text', items: count });
  const warmBytes = (await server.stats()).rssBytes;
  const connection = await RawConnection.open(server.origins[0] ?? '');
  connection.socket.pause();
  let bytes = '';
  for (let number = 0; number < count; number += 1) bytes += get(`/${number}`);
  connection.write(bytes);
  // Kernel and server together hold back far less than all answers: the server stops reading.
  let last = -1;
  await waitUntil('the server stands', async () => {
    const before = last;
    last = (await server.stats()).trials.answered;
    return last > 0 && last === before;
  });
  assert.ok(last < count, `${last} answered to a client that reads nothing`);
  assert.ok((await server.stats()).rssBytes - warmBytes < 60e6);
  connection.socket.resume();
  const answers = await connection.take(count);
  for (const [number, { body }] of answers.entries()) assert.equal(body, String(number));
  assert.equal((await server.stats()).trials.distinct, count);
  connection.close();
});

test('a hundred thousand trials in flight are answered by number, none early, none twice', async () => {
  const delayMs = 400;
  const depth = 1000;
  await using server = await startServer({
    delayMs,
    lean: true,
    answer: 'text',
    items: 100_000,
    replicas: 2,
  });
  const connections = await Promise.all(
    Array.from({ length: 100 }, () => RawConnection.open(server.origins[0] ?? '')),
  );
  await Promise.all(
    connections.map(async (connection, index) => {
      const numbers = Array.from({ length: depth }, (_, offset) => offset * 100 + index);
      const sentMs = performance.now();
      connection.write(numbers.map((number) => get(`/${number}`)).join(''));
      const answers = await connection.take(depth, 60_000);
      assert.deepEqual(
        answers.map(({ body }) => Number(body)),
        numbers,
      );
      for (const { atMs } of answers) assert.ok(atMs - sentMs >= delayMs);
    }),
  );
  const { trials } = await server.stats();
  assert.deepEqual([trials.answered, trials.distinct], [100_000, 100_000]);
  assert.equal(trials.sum, 4_999_950_000n);
  for (const connection of connections) connection.close();
});

test('mutated pipelines get the same answers from the lean and from the full server', async () => {
  const numbers = new Random(20_261_121);
  const random = (below: number): number => numbers.below(below);
  await using lean = await startServer({ delayMs: 0, lean: true, answer: 'text', seed: 's', items: 1000 });
  await using full = await startServer({ delayMs: 0, lean: false, answer: 'text', seed: 's', items: 1000 });
  let refusedCount = 0;
  for (let round = 0; round < 400; round += 1) {
    const bytes = makePipeline(random);
    const cuts = Array.from({ length: random(4) }, () => random(bytes.length)).sort((a, b) => a - b);
    const [ofLean, ofFull] = await Promise.all([
      exchange(lean.origins[0] ?? '', bytes, cuts),
      exchange(full.origins[0] ?? '', bytes, cuts),
    ]);
    const text = JSON.stringify(bytes.toString('latin1'));
    const isRefused = ofFull.at(-1)?.[1] !== CLOSING;
    assert.equal(ofLean.at(-1)?.[1] !== CLOSING, isRefused, text);
    if (isRefused) {
      // At bad bytes a connection is cut, and what of the answers before them arrives is a matter of time.
      refusedCount += 1;
      const [a, b] = [untilRefusal(ofLean), untilRefusal(ofFull)];
      const common = Math.min(a.length, b.length);
      assert.deepEqual(a.slice(0, common), b.slice(0, common), text);
    } else {
      assert.deepEqual(ofLean, ofFull, text);
      for (const server of [lean, full]) {
        assert.equal((await server.stats()).trials.answered, ofLean.filter(isTrial).length);
      }
    }
    await Promise.all([lean.reset(), full.reset()]);
  }
  assert.ok(refusedCount > 50 && refusedCount < 350, `${refusedCount} of 400 rounds refused`);
});

const CLOSING = '999';

function untilRefusal(answers: readonly Answer[]): Answer[] {
  const at = answers.findIndex(([status]) => status === 400);
  return answers.slice(0, at === -1 ? answers.length : at);
}

type Answer = [status: number, body: string, type: string | undefined];

async function exchange(origin: string, bytes: Buffer, cuts: readonly number[]): Promise<Answer[]> {
  const connection = await RawConnection.open(origin);
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (cut > start) connection.write(bytes.subarray(start, cut));
    start = Math.max(start, cut);
    await new Promise(setImmediate);
  }
  const answers = await connection.ended();
  return answers.map(({ status, body, headers }) => [status, body, headers['content-type']]);
}

function isTrial([status, , type]: Answer): boolean {
  return status === 200 && type === 'text/plain; charset=UTF-8';
}

/** Requests of many kinds, some with a byte changed, taken out, put in or doubled; the last one closes. */
function makePipeline(random: (below: number) => number): Buffer {
  const kinds = [
    (): string => get(`/${random(1100)}`),
    (): string => get(`/${random(1000)}`, 'Accept: */*\r\nConnection: keep-alive\r\n'),
    (): string => get(`/${random(10)}`, `X-Round: ${random(1e6)}\r\n`),
    (): string => get(`/0${random(10)}`),
    (): string => get('/nowhere/else'),
  ];
  let text = '';
  for (let index = 0; index <= random(5); index += 1) {
    let part = kinds[random(kinds.length + 1)]?.() ?? POST;
    if (part !== POST && random(3) === 0) {
      const at = random(part.length);
      const byte = String.fromCharCode([random(256), 13, 10, 32, 58, 48 + random(10)][random(6)] ?? 0);
      const replaced = [byte, '', byte + (part[at] ?? ''), (part[at] ?? '').repeat(2)][random(4)] ?? '';
      part = part.slice(0, at) + replaced + part.slice(at + 1);
    }
    text += part;
  }
  const last = get(`/${CLOSING}`, 'Connection: close\r\n');
  return Buffer.from(text + last, 'latin1');
}
