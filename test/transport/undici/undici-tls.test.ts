import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { LaneOptions } from '../../../src/transport/lane.ts';
import { openUndiciLane } from '../../../src/transport/undici/undici-lane.ts';
import { makeCertificates } from '../../fetch/certificates.ts';
import { LaneUnderTest, type Probe, sent, words } from '../../helpers/lane-probe.ts';

const DEADLINE = { timeout: 20_000 };
const openHttp2 = (options: LaneOptions) => openUndiciLane({ ...options, protocol: 'h2c' });

test(
  'https: a certificate is verified, and a connection of an unknown authority sends nothing',
  DEADLINE,
  async (t) => {
    const { caFile, cert, key } = makeCertificates(t);
    const versions: string[] = [];
    const server = createServer({ cert, key }, (request, response) => {
      versions.push(request.httpVersion);
      if (request.url !== '/hold') response.end(request.url);
    }).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    {
      await using lane = new LaneUnderTest(openUndiciLane, origin, { depth: 2 });
      const probes = lane.send('/0', '/1');
      assert.deepEqual(await words(probes), ['unsent', 'unsent']);
      assert.match(String(probes[0]?.code), /CERT|VERIFY/);
      assert.deepEqual(versions, []);
    }
    trust(t, caFile);
    await using lane = new LaneUnderTest(openUndiciLane, origin, { depth: 2 });
    assert.deepEqual(await words(lane.send('/0', '/1')), ['200 /0', '200 /1']);
    assert.equal((await lane.fetch('/2')).body, '/2');
    assert.equal(lane.opened, 1);
    const [held] = lane.send('/hold') as [Probe];
    await sent([held]);
    lane.slot.cancel(held, new Error('deadline'));
    assert.deepEqual(await words([held]), ['head-of-line']);
    assert.equal((await lane.fetch('/3')).body, '/3');
    assert.equal(lane.opened, 2);
    assert.ok(versions.every((version) => version === '1.1'));
  },
);

test(
  'https: HTTP/2 is agreed on by ALPN, and what declines it is asked one by one over HTTP/1.1',
  DEADLINE,
  async (t) => {
    const { caFile, cert, key } = makeCertificates(t);
    trust(t, caFile);
    for (const isOld of [false, true]) {
      const versions = new Set<string>();
      const respond = (
        request: { httpVersion: string; url?: string | undefined },
        response: { end(body: string): void },
      ) => {
        versions.add(request.httpVersion);
        response.end(request.url ?? '');
      };
      const server = isOld
        ? createServer({ cert, key }, respond)
        : createSecureServer({ cert, key }, respond);
      server.listen(0, '127.0.0.1');
      t.after(() => server.close());
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      await using lane = new LaneUnderTest(openHttp2, `https://127.0.0.1:${port}`, { depth: 4 });
      const probes = lane.send('/0', '/1', '/2', '/3');
      assert.deepEqual(await words(probes), ['200 /0', '200 /1', '200 /2', '200 /3']);
      assert.deepEqual([...versions], [isOld ? '1.1' : '2.0']);
      assert.equal(lane.opened, 1);
    }
  },
);

function trust(t: { after(fn: () => void): void }, caFile: string): void {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, readFileSync(caFile, 'utf8')]);
  t.after(() => setDefaultCACertificates(before));
}
