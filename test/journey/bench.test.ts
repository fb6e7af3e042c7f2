import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RoundRecord } from '../../src/model/record.ts';
import { freePort, isFree, Program, runProgram } from '../helpers/program.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const DEADLINE = { timeout: 60_000 };
const RESULT = /^multicore: computed value 499500 for 1000 trials in (\d+\.\d\d)s/m;
const PROOF = /^proof: 1000 planned = 1000 answered once = 1000 seen once by the server$/m;

const CASES: readonly (readonly [cores: number, family: string, transport: string, delay: string])[] = [
  [1, 'one-per-connection', 'undici', '1s'],
  [2, 'one-per-connection', 'wire', '200ms'],
  [3, 'one-per-connection', 'undici', '200ms'],
  [1, 'pipelined', 'wire', '200ms'],
  [2, 'pipelined', 'undici', '200ms'],
  [3, 'pipelined', 'wire', '200ms'],
  [1, 'h2c', 'undici', '200ms'],
  [2, 'h2c', 'undici', '200ms'],
];

for (const [cores, family, transport, delay] of CASES) {
  test(`1,000 trials of ${delay} on ${cores} worker(s), ${family} by ${transport}`, DEADLINE, async (t) => {
    const file = join(scratchDirectory(t), 'record.json');
    const port = await freePort();
    const options = ['--trials', '1000', '--cores', `${cores}`, '--family', family, '--transport', transport];
    const program = runProgram('bench', ...options, '--delay', delay, '--port', `${port}`, '--json', file);
    const { code, stdout, stderr } = await program.ended;
    assert.equal(code, 0, stdout + stderr);
    assert.equal(stderr, '');
    assert.match(stdout, new RegExp(`^plan: 1000 trials, .* ${cores} workers`, 'm'));
    const seconds = Number(RESULT.exec(stdout)?.[1]);
    assert.match(stdout, PROOF);
    checkRecord(JSON.parse(readFileSync(file, 'utf8')) as RoundRecord, delay === '1s' ? 1_000 : 200);
    assert.ok(seconds >= (delay === '1s' ? 1 : 0.2) && seconds < 30, stdout);
    assert.deepEqual(program.left, []);
    assert.ok(await isFree(port), 'the port is free again');
  });
}

/** Bands that a busy machine keeps to, and a wrong unit or a lost count does not. */
function checkRecord(record: RoundRecord, delayMs: number): void {
  const inBand = (name: string, value: number | null, least: number, most: number) =>
    assert.ok(
      value !== null && value >= least && value <= most,
      `${name}: ${value} not in ${least} … ${most}`,
    );
  // Read after the write, so a thread that is held up between the two sees less than the delay.
  inBand('wireLatency', record.wireLatency.percentiles.minMs, delayMs / 2, 30_000);
  inBand('wallMs', record.wallMs, delayMs, 30_000);
  inBand('clientCpuUsPerTrial', record.clientCpuUsPerTrial, 2, 5_000);
  inBand('peakRssBytes', record.peakRssBytes, 40 * 2 ** 20, 1_000 * 2 ** 20);
  inBand('startUpMs', record.startUpMs, 10, 20_000);
  inBand('answersPerSec', record.answersPerSec, 1_000 / 30, 1_000_000 / delayMs);
  inBand('efficiencyRatio', record.efficiencyRatio, 0.001, 1);
  const { percentiles } = record.latency;
  assert.equal(percentiles.count, 1_000);
  let before = delayMs - 1;
  for (const name of ['minMs', 'p50Ms', 'p90Ms', 'p99Ms', 'p999Ms', 'maxMs'] as const) {
    inBand(name, percentiles[name], before, 30_000);
    before = percentiles[name] as number;
  }
  const { tally, server, proof, timeline } = record;
  assert.deepEqual([tally.ok, tally.failed, tally.attemptsSent, tally.repeats], [1_000, 0, 1_000, 0]);
  assert.equal(tally.connectionsOpened, tally.connectionsPeak);
  assert.ok(tally.connectionsOpened <= record.plan.connectionCount);
  assert.deepEqual([server?.received, server?.distinct, server?.duplicates], [1_000, 1_000, 0]);
  assert.deepEqual([proof.verdict, proof.sum, proof.sumOfSquares], ['whole', '499500', '332833500']);
  assert.equal(
    timeline.counts.reduce((sum, count) => sum + count, 0),
    1_000,
  );
  assert.equal(record.workers.length, record.plan.workerCount);
  assert.equal(
    record.workers.reduce((sum, worker) => sum + worker.ok, 0),
    1_000,
  );
  assert.equal(record.versions['node'], process.versions.node);
  assert.ok(record.command.startsWith('spillway bench --trials 1000'));
}

test('with --json - standard output is one JSON and nothing else', DEADLINE, async () => {
  const { code, stdout, stderr } = await runProgram(
    'bench',
    '--trials',
    '20',
    '--delay',
    '50ms',
    '--json',
    '-',
  ).ended;
  assert.equal(code, 0);
  assert.equal(stdout.trim().split('\n').length, 1);
  assert.equal((JSON.parse(stdout) as RoundRecord).tally.ok, 20);
  assert.match(stderr, /^multicore: computed value 190 for 20 trials/m);
});

test(
  'a server that runs already is measured from outside, and its half of the proof is absent',
  DEADLINE,
  async () => {
    const server = runProgram('serve', '--port', '0', '--delay', '20ms', '--items', '50', '--replicas', '1');
    await server.printed(/listening on (\S+)/);
    const origin = /listening on (\S+)/.exec(server.stdout)?.[1] as string;
    const { code, stdout } = await runProgram('bench', '--trials', '50', '--origin', origin).ended;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^multicore: computed value 1225 for 50 trials/m);
    assert.match(stdout, /^proof: 50 planned = 50 answered once; the server's half is absent/m);
    const tooMany = await runProgram('bench', '--trials', '60', '--origin', origin).ended;
    assert.equal(tooMany.code, 1, 'ten that the server does not have');
    assert.match(tooMany.stdout, /^proof: BROKEN: 60 planned, 50 answered once$/m);
    assert.match(tooMany.stdout, /10 not answered: \/50, \/51, \/52, \/53, \/54, …/);
    assert.match(tooMany.stdout, /^failed: 10 http-status$/m);
    server.signalGroup('SIGTERM');
    assert.equal((await server.ended).code, 0);
    assert.deepEqual(server.left, []);
  },
);

test('npm run -s bench prints the program’s own output alone', DEADLINE, async () => {
  const options = ['--trials', '10', '--delay', '20ms', '--json', '-'];
  const { code, stdout } = await new Program('npm', ['run', '-s', 'bench', '--', ...options]).ended;
  assert.equal(code, 0);
  assert.equal((JSON.parse(stdout) as RoundRecord).tally.ok, 10);
});
