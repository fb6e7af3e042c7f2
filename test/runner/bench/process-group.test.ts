import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeProof } from '../../../src/lab/proof.ts';
import { readLimits } from '../../../src/limits/read.ts';
import type { TrialsReport } from '../../../src/model/record.ts';
import { makePlan } from '../../../src/runner/bench/plan/plan.ts';
import { type Trials, startTrials } from '../../../src/runner/bench/trials.ts';
import { type MockServer, startServer } from '../../../src/server/cluster.ts';
import { assertAddsUp } from '../../helpers/trial-harness.ts';

const TRIALS = 600;

function startSplitRun(server: MockServer, delayMs: number, onReady?: () => void): Trials {
  const plan = makePlan(
    {
      strategy: 'split',
      trialCount: TRIALS,
      family: 'one-per-connection',
      transport: 'undici',
      cores: 3,
      lanes: 'auto',
      connections: 60,
      pipelining: 'auto',
      maxInFlight: 'auto',
      processes: 2,
      server: {
        ours: true,
        delayMs,
        replicaCount: 1,
        listenersPerReplica: 1,
        backlog: 511,
        isLean: false,
        isTls: false,
      },
    },
    readLimits(),
  );
  assert.equal(plan.processCount, 2);
  assert.equal(plan.workerCount, 3);
  return startTrials({
    plan,
    origins: server.origins,
    userAgent: 'test',
    limits: {
      connectMs: 10_000,
      firstByteMs: 10_000,
      idleMs: 10_000,
      totalMs: 20_000,
      maxRetries: 2,
      maxHeaderBytes: 16_384,
      maxBodyBytes: 1_024,
    },
    ...(onReady === undefined ? {} : { onReady }),
  });
}

async function prove(server: MockServer, run: Trials, report: TrialsReport) {
  const stats = await server.stats();
  return makeProof({
    trialCount: TRIALS,
    tally: report.tally,
    failures: report.failures,
    settledOk: run.ledger.settledOk,
    repeated: run.ledger.repeated,
    workerDeaths: report.workerDeaths.length,
    wasStopped: report.ended !== 'done',
    server: { ...stats.trials, replicasReplaced: stats.replicasReplaced },
  });
}

/** Client processes that this one has started, by their command lines. */
function clientPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const parent = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
        return (
          parent === process.pid && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('process-entry')
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

test('three workers in two processes give one account and one proof', { timeout: 60_000 }, async () => {
  await using server = await startServer({ items: TRIALS, delayMs: 20 });
  const run = startSplitRun(server, 20);
  const report = await run.report;
  assert.equal(report.tally.ok, TRIALS);
  assert.equal(report.tally.attemptsSent, TRIALS);
  assert.deepEqual(
    report.workers.map(({ ok }) => ok),
    [200, 200, 200],
  );
  assert.equal(report.latency.percentiles.count, TRIALS, 'the histograms of both processes are merged');
  assert.equal(
    report.timeline.counts.reduce((sum, count) => sum + count, 0),
    TRIALS,
  );
  assert.ok(report.peakRssBytes > 100e6, 'the memory of three processes');
  assert.equal((await prove(server, run, report)).verdict, 'whole');
  assert.deepEqual(clientPids(), []);
});

test('a client process that is killed is replaced, and its trials are run again', {
  timeout: 60_000,
}, async (t) => {
  if (process.platform !== 'linux') return t.skip('finding the process by /proc needs Linux');
  await using server = await startServer({ items: TRIALS, delayMs: 100 });
  const run = startSplitRun(server, 100);
  while ((await server.stats()).trials.answered < 100)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const [first] = clientPids();
  process.kill(first as number, 'SIGKILL');
  const report = await run.report;
  assert.equal(report.workerDeaths.length, 1);
  assert.match(report.workerDeaths[0] as string, /SIGKILL/);
  assert.equal(report.tally.ok, TRIALS);
  const proof = await prove(server, run, report);
  assert.equal(proof.verdict, 'whole', proof.problems.join('; '));
  assert.ok((proof.seenAgainByRepeat ?? 0) > 0, 'what the dead process had fetched was fetched again');
  assert.deepEqual(clientPids(), []);
});

test('a drain reaches every process, and the account adds up', { timeout: 60_000 }, async () => {
  await using server = await startServer({ items: TRIALS, delayMs: 100 });
  const run = startSplitRun(server, 100);
  while ((await server.stats()).trials.answered < 50) await new Promise((resolve) => setTimeout(resolve, 10));
  run.drain();
  const report = await run.report;
  assert.equal(report.ended, 'drained');
  assert.equal(report.tally.ok + report.tally.failed + report.skipped, TRIALS);
  assert.ok(report.skipped > 0);
  assert.equal((await prove(server, run, report)).verdict, 'partial');
  assert.deepEqual(clientPids(), []);
});

test('an abort reaches every process, and each counts what it cut before it goes', {
  timeout: 60_000,
}, async () => {
  await using server = await startServer({ items: TRIALS, delayMs: 5000, drainMs: 100 });
  const run = startSplitRun(server, 5000);
  while ((await server.stats()).trials.received < 60) await new Promise((resolve) => setTimeout(resolve, 10));
  run.abort();
  const report = await run.report;
  assertAddsUp(run, report);
  const { tally } = report;
  assert.deepEqual([report.ended, tally.failures, report.skipped], ['aborted', { aborted: 60 }, TRIALS - 60]);
  assert.deepEqual([tally.attemptsSent, tally.inFlight], [60, 0]);
  assert.deepEqual([tally.connectionsOpened, tally.connectionsClosed], [60, 60]);
  assert.ok(report.wallMs > 0 && report.workers.every(({ wallMs }) => wallMs > 0), `${report.wallMs} ms`);
  assert.equal((await prove(server, run, report)).verdict, 'partial');
  assert.deepEqual(clientPids(), []);
});

test('an abort before the processes have their tasks ends the run at once', { timeout: 60_000 }, async () => {
  await using server = await startServer({ items: TRIALS, delayMs: 5000, drainMs: 100 });
  const run = startSplitRun(server, 5000);
  run.abort();
  const report = await run.report;
  assertAddsUp(run, report);
  assert.deepEqual([report.ended, report.skipped], ['aborted', TRIALS]);
  assert.deepEqual([report.tally.attemptsSent, report.tally.inFlight], [0, 0]);
  assert.deepEqual(clientPids(), []);
});
