// What a replica had counted outlives it: totals of the server never fall, whoever dies and however.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NumberTally } from '../../../src/server/number-tally.ts';
import { startServer } from '../../../src/server/cluster.ts';
import { addDeparted } from '../../../src/server/replica/departed.ts';
import type { ReplicaConfig } from '../../../src/server/replica/replica-config.ts';
import { ReplicaCounters, type ReplicaSnapshot } from '../../../src/server/replica/replica-counters.ts';
import { ReplicaProcess } from '../../../src/server/replica/replica-process.ts';
import { mergeSnapshots, type ServerFacts } from '../../../src/server/server-stats.ts';
import { findPorts } from '../../../src/server/ports/find-ports.ts';
import { PortLocks } from '../../../src/server/ports/port-locks.ts';
import { waitUntil } from '../wait-until.ts';

const FACTS: ServerFacts = {
  replicas: 1,
  destinations: 1,
  delayMs: 0,
  items: 1000,
  files: 25,
  maxPerPage: 5,
  answer: 'json',
  lean: true,
};

const ask = async (url: string): Promise<string> =>
  (await fetch(url, { headers: { connection: 'close' } })).text();

/** Values of `/metrics` by name and labels. */
function readCounters(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => /^spillway_server_\w+_total\b/.test(line));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

for (const lean of [false, true]) {
  test(`no Prometheus counter falls while replicas are killed, ${lean ? 'lean' : 'on Fastify'}`, async () => {
    await using server = await startServer({ lean, delayMs: 0, replicas: 2, items: 1000 });
    const origin = server.origins[0] ?? '';
    let before = readCounters(await ask(`${origin}/metrics`));
    let n = 0;
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGABRT'] as const) {
      for (let count = 0; count < 20; count += 1) await ask(`${origin}/${n++}`);
      const seen = readCounters(await ask(`${origin}/metrics`));
      const replaced = new Promise((resolve) => server.onReplicaReplaced(resolve));
      process.kill(server.replicaPids[0] ?? 0, signal);
      await replaced;
      const after = readCounters(await ask(`${origin}/metrics`));
      assert.ok(seen.size > 8, 'there are counters');
      for (const [name, value] of seen) {
        assert.ok(value >= (before.get(name) ?? 0), `${name} fell before ${signal}`);
        assert.ok(
          (after.get(name) ?? 0) >= value,
          `${name} fell by ${signal}: ${value} to ${after.get(name)}`,
        );
      }
      before = after;
    }
    const { trials } = await server.stats();
    assert.deepEqual(
      [trials.received, trials.answered, trials.distinct, trials.duplicates, trials.sum],
      [60, 60, 60, 0, 1770n],
    );
    await server.reset();
    assert.deepEqual(
      [(await server.stats()).trials.answered, (await server.stats()).replicasReplaced],
      [0, 0],
    );
  });
}

test('a replica notes its counts though nobody asks, and what it answered is known when it is killed', async () => {
  const locks = new PortLocks();
  const ports = await findPorts('127.0.0.1', 0, 1, locks);
  const config: ReplicaConfig = {
    facts: FACTS,
    host: '127.0.0.1',
    ports,
    h2cPorts: [],
    listenersPerPort: 1,
    backlog: 16,
    reusePort: true,
    drainMs: 1000,
    fileKeyHex: '00'.repeat(16),
    tls: null,
  };
  const ready = Promise.withResolvers<void>();
  const replica = new ReplicaProcess(config, {
    ready: () => ready.resolve(),
    failed: (error) => ready.reject(error),
    exited: () => ready.reject(new Error('it ended')),
    asked: () => {},
  });
  try {
    await ready.promise;
    for (let n = 0; n < 7; n += 1) await ask(`http://127.0.0.1:${ports[0]}/${n}`);
    await waitUntil('a note of all seven', () => replica.lastCounts?.trials.answered === 7);
  } finally {
    replica.kill('SIGKILL');
    await replica.gone;
    await locks.release();
  }
  assert.deepEqual([replica.lastCounts?.trials.received, replica.lastCounts?.trials.sum], [7, 21n]);
});

test('a replica that ends by itself has told all it counted', async () => {
  await using server = await startServer({ lean: true, delayMs: 0 });
  for (let n = 0; n < 9; n += 1) await ask(`${server.origins[0]}/${n}`);
  const replaced = new Promise((resolve) => server.onReplicaReplaced(resolve));
  process.kill(server.replicaPids[0] ?? 0, 'SIGTERM');
  await replaced;
  const { trials } = await server.stats();
  assert.deepEqual([trials.received, trials.answered, trials.distinct, trials.abandoned], [9, 9, 9, 0]);
});

test('replicas that died one after another are one part with the account of all', () => {
  const life = fc.array(
    fc.record({ number: fc.nat(99), isAnswered: fc.boolean(), isAbandoned: fc.boolean() }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(fc.array(life, { minLength: 1, maxLength: 6 }), (lives) => {
      const facts = { ...FACTS, items: 100 };
      let departed: ReplicaSnapshot | undefined;
      const expected = new NumberTally(100);
      let received = 0;
      let answered = 0;
      for (const events of lives) {
        const counters = new ReplicaCounters(100, 25);
        for (const { number, isAnswered, isAbandoned } of events) {
          counters.trials.receive(1);
          received++;
          if (isAnswered) {
            counters.trials.answer(number);
            expected.add(number);
            answered++;
          } else if (isAbandoned) counters.trials.abandon(1);
        }
        departed = addDeparted(departed, structuredClone(counters.snapshot()), facts);
      }
      const { trials, replicas } = mergeSnapshots(facts, [], departed === undefined ? [] : [departed], 1);
      assert.deepEqual(
        [trials.received, trials.answered, trials.abandoned, trials.inFlight, trials.sum],
        [received, answered, received - answered, 0, expected.sum],
      );
      assert.deepEqual(trials.seenBitmap, expected.seen);
      assert.deepEqual(trials.repeatedBitmap, expected.repeated);
      assert.deepEqual(replicas, []);
    }),
  );
});
