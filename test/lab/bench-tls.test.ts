import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareRound, startRound } from '../../src/lab/trial-round.ts';
import { SpillwayError } from '../../src/model/errors.ts';
import type { Family } from '../../src/model/plan.ts';
import { resultLines } from '../../src/report/round-text.ts';
import { startServer } from '../../src/server/cluster.ts';
import { runProgram } from '../helpers/program.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { baseRound } from './base-round.ts';

const DEADLINE = { timeout: 60_000 };

function round(family: Family, kind: 'lean' | 'fastify', transport: 'wire' | 'undici' = 'wire') {
  const base = baseRound({ trialCount: 200, delayMs: 10 });
  const server = { own: true, delayMs: 10, replicas: 1, port: 0, kind, isTls: true } as const;
  // Fewer positions than trials: connections are used again.
  return { ...base, strategy: 'multicore', family, transport, maxInFlight: 40, cores: 2, server };
}

for (const [family, kind, transport] of [
  ['one-per-connection', 'lean', 'wire'],
  ['one-per-connection', 'fastify', 'wire'],
  ['pipelined', 'lean', 'wire'],
  ['pipelined', 'fastify', 'undici'],
] as const) {
  test(`200 trials over TLS, ${family} by ${transport} from ${kind}: the proof holds`, DEADLINE, async () => {
    const record = await startRound(prepareRound(round(family, kind, transport))).record;
    assert.equal(record.proof.verdict, 'whole', record.proof.problems.join('; '));
    assert.deepEqual([record.tally.ok, record.proof.seenOnce], [200, 200]);
    if (transport === 'undici') return;
    assert.equal(record.tally.handshakes, record.tally.connectionsOpened);
    assert.ok(record.tally.handshakes <= 40, `${record.tally.handshakes} handshakes`);
    assert.match(resultLines(record).join('\n'), /^TLS: \d+ handshakes, \d+ of them resumed;/m);
  });
}

test('--tls and HTTP/2 over plain TCP are refused together', () => {
  assert.throws(
    () => prepareRound(round('h2c', 'fastify', 'undici')),
    (error) => error instanceof SpillwayError && error.code === 'ERR_OPTION' && /--tls/.test(error.message),
  );
});

test('bench of an https origin trusts --ca, and nothing else', DEADLINE, async (t) => {
  await using server = await startServer({ tls: true, delayMs: 0, items: 100 });
  const [origin] = server.origins as [string];
  assert.match(origin, /^https:/);
  const ca = join(scratchDirectory(t), 'ca.pem');
  writeFileSync(ca, server.certificate ?? '');
  const bench = (...options: string[]) =>
    runProgram('bench', '--trials', '100', '--origin', origin, '--retries', '0', ...options).ended;
  const trusted = await bench('--ca', ca);
  assert.equal(trusted.code, 0, trusted.stdout + trusted.stderr);
  assert.match(trusted.stdout, /proof: 100 planned = 100 answered once/);
  const unknown = await bench();
  assert.equal(unknown.code, 1, unknown.stdout);
  assert.match(unknown.stdout, /failed: 100 tls/);
  const insecure = await bench('--insecure', '--max-in-flight', '10');
  assert.equal(insecure.code, 0, insecure.stdout);
});

test(
  '--ca and --insecure are refused without an https origin, and a file without certificates',
  DEADLINE,
  async (t) => {
    const empty = join(scratchDirectory(t), 'empty.pem');
    writeFileSync(empty, 'nothing');
    for (const [options, word] of [
      [['--insecure'], /--insecure: expected to be left out without an https --origin/],
      [['--ca', empty, '--origin', 'http://127.0.0.1:1'], /--ca: expected to be left out/],
      [['--ca', empty, '--origin', 'https://127.0.0.1:1'], /--ca: expected a file of certificates/],
    ] as const) {
      const { code, stderr } = await runProgram('bench', ...options).ended;
      assert.equal(code, 2, stderr);
      assert.match(stderr, word);
    }
  },
);
