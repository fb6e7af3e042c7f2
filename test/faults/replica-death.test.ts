import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRANSPORTS } from '../../src/model/plan.ts';
import { startServer } from '../../src/server/cluster.ts';
import { answer, openRawServer } from '../helpers/raw-server.ts';
import { assertAddsUp, runTrials, beginTrials } from '../helpers/trial-harness.ts';
import { waitUntil } from '../server/wait-until.ts';

for (const transport of TRANSPORTS) {
  for (const pipelining of [1, 4]) {
    test(`${transport}, ${pipelining} deep: a replica that is killed costs repeats and no trial, though its port refuses until another one listens`, {
      timeout: 60_000,
    }, async () => {
      await using server = await startServer({ replicas: 2, destinations: 2, delayMs: 100, items: 600 });
      const run = beginTrials(server.origins, {
        trials: 600,
        transport,
        connections: 40 / pipelining,
        pipelining,
      });
      await waitUntil('some are answered', () => run.ledger.tally().ok >= 50);
      process.kill(server.replicaPids[0] as number, 'SIGKILL');
      const report = await run.report;
      assertAddsUp(run, report);
      const { tally } = report;
      assert.deepEqual([tally.ok, tally.failures], [600, {}]);
      assert.ok(tally.repeats >= 1, `${tally.repeats} repeats`);
      assert.equal(tally.attemptsSent, 600 + tally.repeats);
    });
  }

  test(`${transport}: a pipelined connection that was lost early is as deep again when the next one lasts`, {
    timeout: 30_000,
  }, async () => {
    let open = 0;
    let mostOpen = 0;
    await using server = await openRawServer((connection, { path }) => {
      const isFirst = connection === server.connections[0];
      if (isFirst && connection.requests.length > 1) return;
      mostOpen = Math.max(mostOpen, isFirst ? 0 : ++open);
      setTimeout(() => {
        if (!isFirst) open--;
        connection.write(answer(path.slice(1)));
        if (isFirst) connection.socket.end();
      }, 3);
    });
    const { tally } = await runTrials(server.origin, {
      trials: 1_000,
      transport,
      connections: 1,
      pipelining: 8,
    });
    assert.deepEqual([tally.ok, tally.failures], [1_000, {}]);
    assert.equal(mostOpen, 8);
  });
}
