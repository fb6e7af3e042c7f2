// How busy the replicas' event loops are, as they note it while somebody watches.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../../../src/server/cluster.ts';
import type { MockServer } from '../../../src/server/cluster.ts';
import { waitUntil } from '../wait-until.ts';

/** Busy and idle together, for each replica. */
function spentMs({ loopsMs }: MockServer): number[] {
  return loopsMs.map(([activeMs, idleMs]) => activeMs + idleMs);
}

const allBeyond = (server: MockServer, ms: number) => spentMs(server).every((spent) => spent > ms);

test('replicas note their event loops only while somebody watches', async () => {
  await using server = await startServer({ lean: true, delayMs: 0, replicas: 2 });
  await server.stats();
  assert.deepEqual(server.loopsMs, [
    [0, 0],
    [0, 0],
  ]);
  const stopFirst = server.watchLoops();
  const stopSecond = server.watchLoops();
  await waitUntil('notes of both', async () => allBeyond(server, 0));
  stopFirst();
  stopFirst();
  const [before = 0] = spentMs(server);
  await waitUntil('a later note', async () => allBeyond(server, before));
  stopSecond();
  await server.stats();
  const last = server.loopsMs;
  // While it is watched every answer to this question brings a note.
  await server.stats();
  assert.deepEqual(server.loopsMs, last);
});

test('the notes cover the time since the reset, up to the last question', async () => {
  await using server = await startServer({ lean: true, delayMs: 0, replicas: 2 });
  server.watchLoops();
  const beforeResetMs = performance.now();
  await server.reset();
  const afterResetMs = performance.now();
  await waitUntil('some time', async () => allBeyond(server, 250));
  const beforeStatsMs = performance.now();
  const { replicas } = await server.stats();
  const afterStatsMs = performance.now();
  for (const [index, [activeMs, idleMs]] of server.loopsMs.entries()) {
    const spent = activeMs + idleMs;
    assert.ok(spent >= beforeStatsMs - afterResetMs - 5, `${spent} of ${beforeStatsMs - afterResetMs} ms`);
    assert.ok(spent <= afterStatsMs - beforeResetMs + 5, `${spent} of ${afterStatsMs - beforeResetMs} ms`);
    const ratio = replicas[index]?.eventLoopUtilizationRatio ?? Number.NaN;
    assert.ok(
      Math.abs(activeMs / spent - ratio) < 0.05,
      `${activeMs} of ${spent} ms, ${ratio} by the statistics`,
    );
  }
  await server.reset();
  assert.ok(spentMs(server).every((spent) => spent < 250));
});

test('the lane of a replica that died goes on with the one that serves in its place', async () => {
  await using server = await startServer({ lean: true, delayMs: 0, replicas: 2 });
  server.watchLoops();
  await waitUntil('notes of both', async () => allBeyond(server, 150));
  const replaced = new Promise((resolve) => {
    server.onReplicaReplaced(resolve);
  });
  const before = spentMs(server);
  process.kill(server.replicaPids[0] ?? 0, 'SIGKILL');
  await replaced;
  for (const [index, spent] of spentMs(server).entries()) assert.ok(spent >= (before[index] ?? 0));
  const [atReplacement = 0] = spentMs(server);
  await waitUntil('a note of the new one', async () => (spentMs(server)[0] ?? 0) > atReplacement);
});
