import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { makeProof } from '../../../src/lab/proof.ts';
import type { Proof, TrialsReport } from '../../../src/model/record.ts';
import { SpillwayError } from '../../../src/model/errors.ts';
import type { Trials } from '../../../src/runner/bench/trials.ts';
import { type MockServer, type ServerOptions, startServer } from '../../../src/server/cluster.ts';
import { answer, openRawServer } from '../../helpers/raw-server.ts';
import { assertAddsUp, runTrials, beginTrials } from '../../helpers/trial-harness.ts';
import { waitUntil } from '../../server/wait-until.ts';

const DEADLINE = { timeout: 30_000 };
const DYING_ENTRY = new URL('../../helpers/dying-entry.ts', import.meta.url);

async function serve(t: TestContext, options: ServerOptions = {}): Promise<MockServer> {
  const server = await startServer({ delayMs: 30, items: 10_000, drainMs: 100, ...options });
  t.after(() => server.close());
  return server;
}

async function prove(server: MockServer, run: Trials, report: TrialsReport): Promise<Proof> {
  const { trials, replicasReplaced } = await server.stats();
  return makeProof({
    trialCount: report.plan.trialCount,
    tally: report.tally,
    failures: report.failures,
    settledOk: run.ledger.settledOk,
    repeated: run.ledger.repeated,
    workerDeaths: report.workerDeaths.length,
    wasStopped: report.ended !== 'done',
    server: { ...trials, replicasReplaced },
  });
}

test(
  'shares add up whatever they are: 10 over 3, 10,000 over 3, more workers than connections',
  DEADLINE,
  async (t) => {
    const server = await serve(t, { delayMs: 0 });
    const cases = [
      { trials: 10, workers: 3, connections: 10, expected: [4, 3, 3] },
      { trials: 10_000, workers: 3, connections: 60, expected: [3_334, 3_333, 3_333] },
      { trials: 2, workers: 2, connections: 2, expected: [1, 1] },
      { trials: 7, workers: 3, connections: 3, expected: [3, 2, 2] },
    ];
    for (const { expected, ...setting } of cases) {
      await server.reset();
      const run = beginTrials(server.origins, { ...setting, transport: 'wire' });
      const report = await run.report;
      assertAddsUp(run, report);
      assert.deepEqual(
        report.workers.map((worker) => worker.ok),
        expected,
      );
      const proof = await prove(server, run, report);
      assert.deepEqual([proof.verdict, proof.problems], ['whole', []]);
      assert.equal(report.tally.attemptsSent, setting.trials);
    }
  },
);

for (const death of ['exit', 'throw']) {
  test(
    `a worker thread that dies by ${death} is replaced, its unsettled trials run again, and the proof is whole`,
    DEADLINE,
    async (t) => {
      process.env['SPILLWAY_TEST_DEATH'] = death;
      t.after(() => delete process.env['SPILLWAY_TEST_DEATH']);
      const server = await serve(t);
      const run = beginTrials(server.origins, {
        trials: 300,
        workers: 2,
        connections: 20,
        workerEntry: DYING_ENTRY,
      });
      const report = await run.report;
      assertAddsUp(run, report);
      assert.equal(report.ended, 'done');
      assert.equal(report.tally.ok, 300);
      assert.equal(report.workerDeaths.length, 1);
      assert.match(
        report.workerDeaths[0] ?? '',
        death === 'exit' ? /exited with code: 7/ : /a bug of the worker/,
      );
      const proof = await prove(server, run, report);
      assert.deepEqual([proof.verdict, proof.problems], ['whole', []]);
      // What was in flight on ten connections when it died may have been asked for twice, and nothing else.
      assert.ok(run.ledger.repeated.count >= 1 && run.ledger.repeated.count <= 20);
      const { tally } = report;
      assert.equal(tally.inFlight, 0);
      assert.ok(tally.connectionsOpened >= 20 && tally.connectionsOpened <= 45);
      assert.equal(tally.connectionsClosed, tally.connectionsOpened, 'none is left open in the account');
    },
  );
}

test('workers that die again and again break the run with the reason', DEADLINE, async (t) => {
  process.env['SPILLWAY_TEST_DEATHS'] = '99';
  t.after(() => delete process.env['SPILLWAY_TEST_DEATHS']);
  const server = await serve(t);
  const run = beginTrials(server.origins, { trials: 300, connections: 10, workerEntry: DYING_ENTRY });
  await assert.rejects(run.report, (error) => {
    assert.ok(error instanceof SpillwayError);
    assert.equal(error.code, 'ERR_RUN_BROKEN');
    assert.match(error.message, /6 died, the last with: .*code: 7/);
    return true;
  });
});

test(
  'a drained run begins nothing more, settles what is in flight, and says what it skipped',
  DEADLINE,
  async (t) => {
    const server = await serve(t, { delayMs: 100 });
    const run = beginTrials(server.origins, { trials: 200, workers: 2, connections: 20 });
    await waitUntil('some are answered', () => run.ledger.tally().ok >= 20);
    run.drain();
    const report = await run.report;
    assertAddsUp(run, report);
    assert.equal(report.ended, 'drained');
    assert.equal(report.tally.failed, 0);
    assert.ok(report.tally.ok >= 20 && report.tally.ok < 200, String(report.tally.ok));
    assert.equal(report.tally.attemptsSent, report.tally.ok, 'what was asked was answered');
    const proof = await prove(server, run, report);
    assert.deepEqual([proof.verdict, proof.problems], ['partial', []]);
  },
);

for (const transport of ['undici', 'wire'] as const) {
  test(
    `${transport}: an aborted run cuts what is in flight, names it so, and adds up`,
    DEADLINE,
    async () => {
      await using server = await openRawServer((connection, { path }) => {
        if (Number(path.slice(1)) < 10) connection.write(answer(path.slice(1)));
      });
      const run = beginTrials(server.origin, { trials: 100, connections: 20, transport });
      await waitUntil(
        'all that can be is answered',
        () => run.ledger.tally().ok === 10 && server.requestCount === 30,
      );
      run.abort();
      const report = await run.report;
      assertAddsUp(run, report);
      assert.equal(report.ended, 'aborted');
      assert.deepEqual([report.tally.ok, report.tally.failures, report.skipped], [10, { aborted: 20 }, 70]);
      assert.deepEqual(report.failures, [], 'what was cut is counted, not named');
    },
  );
}

test('an aborted run with every trial in flight is aborted and not done', DEADLINE, async () => {
  await using server = await openRawServer(() => {});
  const run = beginTrials(server.origin, { trials: 20, connections: 20 });
  await waitUntil('all are in flight', () => server.requestCount === 20);
  run.abort();
  const report = await run.report;
  assertAddsUp(run, report);
  assert.deepEqual([report.ended, report.tally.failures, report.skipped], ['aborted', { aborted: 20 }, 0]);
});

test('a run that is stopped before it begins settles nothing', DEADLINE, async () => {
  await using server = await openRawServer(() => assert.fail('nothing is asked'));
  for (const stop of ['drain', 'abort'] as const) {
    const run = beginTrials(server.origin, { trials: 10, workers: 2 });
    run[stop]();
    const report = await run.report;
    assertAddsUp(run, report);
    assert.deepEqual([report.ended, report.skipped], [stop === 'drain' ? 'drained' : 'aborted', 10]);
  }
});

test(
  'a server that cannot be had ends the run with its reason, and no thread is left',
  DEADLINE,
  async () => {
    const origins = Promise.reject(new SpillwayError('ERR_PORT_BUSY', 'taken'));
    const { startTrials } = await import('../../../src/runner/bench/trials.ts');
    const { planOf } = await import('../../helpers/trial-harness.ts');
    const limits = {
      connectMs: 1,
      firstByteMs: 1,
      idleMs: 1,
      totalMs: 1,
      maxRetries: 0,
      maxHeaderBytes: 1,
      maxBodyBytes: 1,
    };
    const run = startTrials({ plan: planOf({ trials: 5 }), origins, limits, userAgent: 't' });
    await assert.rejects(run.report, { code: 'ERR_PORT_BUSY' });
  },
);

test('snapshots grow to the total, with the last at the end', DEADLINE, async (t) => {
  const server = await serve(t, { delayMs: 50 });
  const done: number[] = [];
  const report = await runTrials(server.origins, {
    trials: 60,
    workers: 2,
    connections: 10,
    onSnapshot: ({ ok, failed, total }) => {
      assert.equal(total, 60);
      done.push(ok + failed);
    },
  });
  assert.deepEqual(
    done,
    [...done].sort((a, b) => a - b),
  );
  assert.ok(done.length >= 3);
  assert.equal(done.at(-1), 60);
  assert.ok(report.snapshots.length >= 3);
});
