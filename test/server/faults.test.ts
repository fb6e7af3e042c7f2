// The fault server by itself: what it promises to whoever tests a client with it, over real sockets.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { FAILURES } from '../../src/model/errors.ts';
import { chooseFault, FAULT_GROUPS, PROFILES, parseFaultMix } from '../../src/server/faults/fault-mix.ts';
import { type FaultStats, startFaultServer } from '../../src/server/faults/fault-server.ts';
import { FAULT_NAMES, FAULTS, type FaultName } from '../../src/server/faults/fault-table.ts';
import { makeSelfSigned } from '../../src/server/faults/self-signed.ts';
import { get, RawConnection } from './raw-connection.ts';
import { waitUntil } from './wait-until.ts';

const DEADLINE = { timeout: 30_000 };

const mixOf = (text: string): ReadonlyMap<FaultName, number> => {
  const parsed = parseFaultMix(text);
  assert.ok('mix' in parsed, JSON.stringify(parsed));
  return parsed.mix;
};

test('every fault says what it does and which failure it becomes, and no group has the name of a fault', () => {
  for (const name of FAULT_NAMES) {
    const { does, becomes, group } = FAULTS[name];
    assert.ok(does.length >= 3 && !does.includes('|'), name);
    assert.ok(becomes === 'ok' || Object.hasOwn(FAILURES, becomes), name);
    assert.ok(name === 'none' || !Object.hasOwn(FAULTS, group), group);
    assert.match(name, /^[a-z0-9-]+$/);
  }
  for (const profile of Object.keys(PROFILES)) assert.ok(!Object.hasOwn(FAULTS, profile), profile);
});

test('a mix is profiles, faults and groups, of which the later override the earlier', () => {
  assert.equal(mixOf('calm').size, 0);
  assert.deepEqual([...mixOf('calm+reset-once:0.1')], [['reset-once', 0.1]]);
  const resets = FAULT_GROUPS.get('reset') ?? [];
  const spread = mixOf('reset=0.7');
  assert.deepEqual([...spread.keys()], [...resets]);
  for (const ratio of spread.values()) assert.ok(Math.abs(ratio - 0.7 / resets.length) < 1e-12);
  const changed = mixOf('flaky, latency=0.2 + outage=0');
  assert.deepEqual(
    [changed.get('latency'), changed.get('outage'), changed.get('reset-once')],
    [0.2, 0, 0.03],
  );
  const hostile = mixOf('hostile');
  const missing = FAULT_NAMES.filter((name) => name !== 'none' && (hostile.get(name) ?? 0) === 0);
  assert.deepEqual(missing, [], 'hostile has every fault');
});

test('a mix that is none is refused with what was expected', () => {
  for (const text of [
    '',
    'x',
    'reset',
    'reset=2',
    'reset=-1',
    'reset=',
    'reset=0.1=2',
    'none=1',
    'flaky=1',
    'toString',
    'a,,b',
  ]) {
    const parsed = parseFaultMix(text);
    assert.ok('expected' in parsed, text);
    assert.match(parsed.expected, /^calm, busy, flaky, hostile, or FAULT=RATIO[^"]*$/);
    assert.equal(parsed.piece, text === 'a,,b' ? 'a' : text);
  }
  const tooMuch = parseFaultMix('hostile,latency=0.9');
  assert.ok('expected' in tooMuch && /add up to 1 at most, not 1\.\d+/.test(tooMuch.expected));
});

test('the ratios of a mix are those of the targets, and the seed decides which', () => {
  const mix = mixOf('latency=0.3,missing=0.05');
  const counts = new Map<FaultName, number>();
  let same = 0;
  for (let number = 0; number < 20_000; number += 1) {
    const name = chooseFault(mix, 'a', `0 /${number}`);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (name === chooseFault(mix, 'b', `0 /${number}`)) same += 1;
  }
  // Five standard deviations of a binomial distribution: sqrt(20000 * 0.3 * 0.7) = 65, and 31.
  assert.ok(Math.abs((counts.get('latency') ?? 0) - 6_000) < 325, String(counts.get('latency')));
  assert.ok(Math.abs((counts.get('missing') ?? 0) - 1_000) < 155, String(counts.get('missing')));
  // 0.3² + 0.05² + 0.65² of 20000 by chance.
  assert.ok(Math.abs(same - 10_300) < 400, `${same} targets have the same fault under another seed`);
});

test('options out of range are refused together, and so is any address but loopback', async () => {
  await assert.rejects(
    startFaultServer({ faults: 'hostil', host: '0.0.0.0', destinations: 0, items: 0.5 }),
    (error: { code: string; message: string }) => {
      assert.equal(error.code, 'ERR_OPTION');
      assert.match(
        error.message,
        /^faults: expected .*, found "hostil"\nhost: .*0\.0\.0\.0\ndestinations: .*\nitems: /,
      );
      return true;
    },
  );
  for (const host of ['::1', '127.1.2.3']) {
    using server = await startFaultServer({ faults: 'calm', host, delayMs: 0 });
    assert.equal(await (await fetch(`${server.origins[0]}/7`)).text(), '7');
  }
});

test('a taken port is refused by its name, and nothing is left open', async () => {
  using first = await startFaultServer({ faults: 'calm', delayMs: 0 });
  const port = Number(new URL(first.origins[0] ?? '').port);
  await assert.rejects(startFaultServer({ faults: 'tls=0.1', port }), { code: 'ERR_PORT_BUSY' });
});

test('a calm server answers numbers and bodies as the good one does, and says so in its counts', async () => {
  using server = await startFaultServer({ faults: 'calm', delayMs: 0, items: 50, destinations: 2 });
  const [one = '', two = ''] = server.origins;
  assert.equal(await (await fetch(`${one}/41`)).text(), '41');
  assert.equal(await (await fetch(`${two}/41?x=1`)).text(), '41');
  const body = Buffer.from(await (await fetch(`${one}/bytes/8/41`)).arrayBuffer());
  assert.equal(body.toString('hex'), 'ed6330f935fa3ba4');
  const head = await fetch(`${one}/bytes/300000/1`, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '300000']);
  for (const path of ['/50', '/x', '/bytes/1/', '/bytes/16777217/0', '/041', '/']) {
    const missing = await fetch(`${one}${path}`);
    assert.equal(missing.status, 404);
    assert.match(await missing.text(), /expected .*, found GET /);
  }
  await waitUntil('all are counted', () => server.stats(false).total.whole === 4);
  const stats = (await (await fetch(`${two}/stats?targets=true`)).json()) as FaultStats;
  assert.deepEqual(stats.total, { targets: 4, asked: 4, whole: 4 });
  assert.deepEqual(stats.byFault, { none: { becomes: 'ok', targets: 4, asked: 4, whole: 4 } });
  assert.equal(stats.strays, 6);
  assert.deepEqual(
    stats.targets?.map(({ origin, path, asked }) => `${origin} ${path} ${asked}`),
    ['0 /41 1', '1 /41 1', '0 /bytes/8/41 1', '0 /bytes/300000/1 1'],
  );
  assert.equal((await fetch(`${one}/stats/reset`, { method: 'POST' })).status, 204);
  assert.deepEqual(server.stats(true).targets, []);
});

test('the same seed gives the same bytes to the same requests, on any port', async () => {
  const read = async (seed: string): Promise<string> => {
    using server = await startFaultServer({ faults: 'noise=1', delayMs: 0, seed });
    const socket = connect(Number(new URL(server.origins[0] ?? '').port), '127.0.0.1');
    socket.write(get('/3'));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('hex');
  };
  const [first, again, other] = [await read('s'), await read('s'), await read('t')];
  assert.equal(first.length, 2 * 513);
  assert.equal(first, again);
  assert.notEqual(first, other);
});

test(
  'a fault of the first request alone is over at the second, and back after a reset',
  DEADLINE,
  async () => {
    using server = await startFaultServer({ faults: 'error-once=1', delayMs: 0 });
    const statusOf = async (): Promise<number> => (await fetch(`${server.origins[0]}/1`)).status;
    assert.deepEqual([await statusOf(), await statusOf(), await statusOf()], [500, 200, 200]);
    server.reset();
    assert.equal(await statusOf(), 500);
    await waitUntil('it is counted', () => server.stats(false).total.asked === 1);
  },
);

test(
  'a pipeline is answered in order with its delays together, but for sequential targets',
  DEADLINE,
  async () => {
    const delayMs = 60;
    const tookMs: number[] = [];
    for (const faults of ['calm', 'sequential=1']) {
      using server = await startFaultServer({ faults, delayMs });
      const connection = await RawConnection.open(server.origins[0] ?? '');
      const sentMs = performance.now();
      connection.write(Array.from({ length: 8 }, (_, n) => get(`/${n}`)).join(''));
      const bodies = (await connection.take(8)).map(({ body }) => body);
      tookMs.push(performance.now() - sentMs);
      assert.deepEqual(bodies, ['0', '1', '2', '3', '4', '5', '6', '7']);
      connection.close();
    }
    const [together = 0, inTurn = 0] = tookMs;
    assert.ok(together >= delayMs && inTurn >= 8 * delayMs && together < inTurn, tookMs.join(' '));
  },
);

test(
  'an origin that dies resets its connections, refuses others, and comes back at its port',
  DEADLINE,
  async () => {
    using server = await startFaultServer({ faults: 'outage=1', delayMs: 0, destinations: 2 });
    const [dying = '', other = ''] = server.origins;
    const bystander = await RawConnection.open(dying);
    const neighbour = await RawConnection.open(other);
    await waitUntil('both are accepted', () => server.stats(false).connections.open === 2);
    await assert.rejects(fetch(`${dying}/1`));
    await bystander.ended();
    const refused = await RawConnection.open(dying).then(
      () => 'taken',
      (error: NodeJS.ErrnoException) => error.code,
    );
    assert.equal(refused, 'ECONNREFUSED');
    await waitUntil('it is back', () =>
      fetch(`${dying}/1`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    neighbour.write(get('/stats'));
    const [answer] = await neighbour.take(1);
    assert.equal((JSON.parse(answer?.body ?? '') as FaultStats).outages, 1);
    neighbour.close();
  },
);

test('a client that leaves a stall or a flood leaves nothing behind', DEADLINE, async () => {
  using server = await startFaultServer({ faults: 'stall-at-start=0.5,body-endless=0.5', delayMs: 0 });
  const sockets = Array.from({ length: 20 }, (_, n) => {
    const socket = connect(Number(new URL(server.origins[0] ?? '').port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(get(`/${n}`));
    return socket;
  });
  await waitUntil('all are asked', () => server.stats(false).total.asked === 20);
  for (const [index, socket] of sockets.entries()) {
    if (index % 2 === 0) socket.destroy();
    else socket.end();
  }
  for (const socket of sockets) socket.resume();
  await waitUntil('all are gone', () => server.stats(false).connections.open === 0);
  assert.equal(server.stats(false).total.whole, 0);
});

test(
  'what is sent at once beyond reason is read no further, and an endless head is reset',
  DEADLINE,
  async () => {
    using server = await startFaultServer({ faults: 'calm', delayMs: 0 });
    const connection = await RawConnection.open(server.origins[0] ?? '');
    connection.write(Array.from({ length: 10_000 }, (_, n) => get(`/${n}`)).join(''));
    const answers = await connection.take(10_000);
    assert.equal(answers.at(-1)?.body, '9999');
    connection.write(`GET /1 HTTP/1.1\r\nX-Long: ${'x'.repeat(100_000)}`);
    await connection.ended();
  },
);

test(
  'the certificates are for loopback, expired or not, and right but for who signed them',
  DEADLINE,
  async () => {
    const now = Date.now();
    const { cert } = makeSelfSigned(new Date(now - 1e9), new Date(now + 1e9));
    const parsed = new X509Certificate(cert);
    assert.ok(parsed.verify(parsed.publicKey) && parsed.checkIssued(parsed));
    assert.equal(Date.parse(parsed.validTo), Math.floor((now + 1e9) / 1000) * 1000);
    assert.deepEqual(
      [
        parsed.checkIP('127.0.0.1'),
        parsed.checkIP('::1'),
        parsed.checkHost('localhost'),
        parsed.checkIP('127.0.0.2'),
      ],
      ['127.0.0.1', '::1', 'localhost', undefined],
    );
    using server = await startFaultServer({ faults: 'tls=1', delayMs: 0 });
    const [expired = '', selfSigned = ''] = server.badTlsOrigins;
    const reasonOf = async (origin: string): Promise<string | undefined> => {
      const socket = connectTls({ host: '127.0.0.1', port: Number(new URL(origin).port) });
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      return error.code;
    };
    assert.deepEqual(
      [await reasonOf(expired), await reasonOf(selfSigned)],
      ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    );
    // Whoever trusts it all the same is answered rightly, for the target of the origin that sent it there.
    const socket = connectTls({
      host: '127.0.0.1',
      port: Number(new URL(selfSigned).port),
      rejectUnauthorized: false,
    });
    socket.write(get('/41?from=0'));
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    assert.match(bytes.toString(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*41$/);
    socket.destroy();
  },
);
