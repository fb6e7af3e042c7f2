// The engine of the benchmark against a hostile origin: every trial has its right number or a name for what happened.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { TRANSPORTS } from '../../src/model/plan.ts';
import { startFaultServer } from '../../src/server/faults/fault-server.ts';
import { runTrials } from '../helpers/trial-harness.ts';
import { waitUntil } from '../server/wait-until.ts';

const TRIALS = 600;
/** A benchmark asks for no content coding and looks at none: a right number is right under any name of a coding. */
const FAULTS = 'hostile,encoding-unknown=0';

for (const transport of TRANSPORTS) {
  for (const pipelining of [1, 4]) {
    test(`${TRIALS} trials of a hostile origin, over ${transport} ${pipelining} at a time, settle by their deadlines`, {
      timeout: 90_000,
    }, async (t: TestContext) => {
      using server = await startFaultServer({ faults: FAULTS, seed: 'bench', delayMs: 2 });
      const { tally } = await runTrials(server.origins[0] ?? '', {
        trials: TRIALS,
        transport,
        pipelining,
        connections: 40,
        limits: {
          connectMs: 1_000,
          firstByteMs: 500,
          idleMs: 500,
          totalMs: 2_000,
          maxRetries: 2,
        },
      });
      t.diagnostic(JSON.stringify({ ok: tally.ok, failures: tally.failures }));
      assert.equal(tally.ok + tally.failed, TRIALS);
      assert.deepEqual([tally.failures['unknown'], tally.failures['aborted']], [undefined, undefined]);
      // Those without a fault are more than two fifths; a redirect or a coding is no right answer here.
      assert.ok(tally.ok > 0.35 * TRIALS && tally.ok < 0.85 * TRIALS, `${tally.ok} ok`);
      await waitUntil('the server has answered whole what is ok', () => {
        const { total } = server.stats(false);
        return total.whole >= tally.ok;
      });
      const { asked } = server.stats(false).total;
      assert.ok(asked <= tally.attemptsSent, `asked ${asked} times, the client says ${tally.attemptsSent}`);
    });
  }
}
