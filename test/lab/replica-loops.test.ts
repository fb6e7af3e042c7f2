import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { prepareRound, startRound } from '../../src/lab/trial-round.ts';
import type { RoundRecord } from '../../src/model/record.ts';
import { baseRound } from './base-round.ts';

function run(given: { readonly trialCount: number; readonly delayMs: number; readonly replicas: number }) {
  const base = baseRound(given);
  return startRound(
    prepareRound({
      ...base,
      strategy: 'multicore',
      server: { own: true, delayMs: given.delayMs, replicas: given.replicas, port: 0, kind: 'auto' },
    }),
  ).record;
}

function seriesOf({ snapshots }: RoundRecord, replica: number) {
  return snapshots.map(({ replicaLoopsMs }) => replicaLoopsMs[replica] ?? [Number.NaN, Number.NaN]);
}

test('a record holds the event loop of every replica over time', async () => {
  const record = await run({ trialCount: 200, delayMs: 500, replicas: 2 });
  assert.equal(record.proof.verdict, 'whole');
  assert.ok(record.snapshots.length >= 3, String(record.snapshots.length));
  for (const [replica, ratio] of (record.server?.utilizationRatios ?? []).entries()) {
    const series = seriesOf(record, replica);
    for (const [index, [activeMs, idleMs]] of series.entries()) {
      const [activeBefore, idleBefore] = series[index - 1] ?? [0, 0];
      assert.ok(activeMs >= activeBefore && idleMs >= idleBefore, `${replica} at ${index}`);
    }
    const [activeMs = 0, idleMs = 0] = series.at(-1) ?? [];
    // The last note was taken with the statistics at the end of the round.
    assert.ok(activeMs + idleMs >= record.wallMs * 0.9, `${activeMs + idleMs} of ${record.wallMs} ms`);
    assert.ok(Math.abs(activeMs / (activeMs + idleMs) - ratio) < 0.1, `${activeMs} ms busy, ratio ${ratio}`);
  }
  assert.equal(record.server?.utilizationRatios.length, 2);
});

test('of a server that is not ours nothing is known', async () => {
  const foreign = createServer(({ url = '/' }, response) => response.end(url.slice(1)));
  await new Promise<void>((resolve) => {
    foreign.listen(0, '127.0.0.1', resolve);
  });
  try {
    const { port } = foreign.address() as AddressInfo;
    const origin = `http://127.0.0.1:${port}`;
    const round = startRound(
      prepareRound({
        ...baseRound({ trialCount: 20, delayMs: 0 }),
        strategy: 'multicore',
        server: { own: false, origin, delayMs: null },
      }),
    );
    const { snapshots, proof } = await round.record;
    assert.equal(proof.verdict, 'client-only');
    assert.ok(snapshots.length > 0);
    assert.deepEqual(
      snapshots.flatMap(({ replicaLoopsMs }) => replicaLoopsMs),
      [],
    );
  } finally {
    foreign.closeAllConnections();
    foreign.close();
  }
});
