// One run over twenty hostile origins at once: it ends by its deadlines, and its account is the server's.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FAILURES, type FailureCode } from '../../src/model/errors.ts';
import { startFaultServer } from '../../src/server/faults/fault-server.ts';
import { FAULT_NAMES } from '../../src/server/faults/fault-table.ts';
import {
  assertAccountsAgree,
  FETCH_TRANSPORTS,
  fetchTargets,
  type HostileTarget,
  targetsOf,
  wordOf,
} from './hostile-world.ts';

const ORIGIN_COUNT = 20;
const TARGETS_PER_ORIGIN = 1_000;
const UNDICI_TARGETS_PER_ORIGIN = 100;
/**
 * What the death of its origin, its neighbour on a connection, or a busy machine may do to a target: it costs attempts,
 * so that the last of them finds the fault that the next would not have found. Never a success.
 */
const isCollateral = (code: string): boolean =>
  code === 'http-status' || (FAILURES[code as FailureCode]?.retry ?? false);

for (const transport of FETCH_TRANSPORTS) {
  const perOrigin = transport === 'auto' ? TARGETS_PER_ORIGIN : UNDICI_TARGETS_PER_ORIGIN;
  const total = ORIGIN_COUNT * perOrigin;
  test(`${total} targets over 20 hostile origins, over ${transport === 'auto' ? 'wire' : transport}: each settles once, as its fault says, by the deadline`, {
    timeout: 180_000,
  }, async (t: TestContext) => {
    using server = await startFaultServer({
      faults: 'hostile',
      destinations: ORIGIN_COUNT,
      seed: 'twenty origins',
      delayMs: 5,
    });
    const targets = targetsOf(server, perOrigin);
    assert.equal(targets.length, total);
    const run = await fetchTargets(t, server, targets, {
      cores: 2,
      maxInFlight: 512,
      // A target that meets a dead origin is asked for again until that is back.
      limits: { maxRetries: 4 },
      budgets: { maxPerOrigin: 64 },
      request: { transport },
    });
    await assertAccountsAgree(server, targets, run);
    const { report } = run;
    assert.ok(report.inFlightPeak <= 512);
    // Five attempts of eight seconds and the pauses between them are what the slowest target may take.
    assert.ok(report.wallMs < 90_000, `${report.wallMs} ms`);
    const others = targets.flatMap((target, index) => differenceOf(target, wordOf(run.outcomes[index])));
    t.diagnostic(
      JSON.stringify({
        wallMs: Math.round(report.wallMs),
        cpuMs: Math.round((report.cpuUs.user + report.cpuUs.system) / 1000),
        ok: report.ok,
        failures: report.failures,
        attemptsSent: report.attemptsSent,
        server: server.stats(false).total,
        outages: server.stats(false).outages,
        others: others.length,
      }),
    );
    assert.deepEqual(
      others.filter(({ isCollateral }) => !isCollateral),
      [],
      'every other outcome is what the table says',
    );
    assert.ok(others.length <= 0.02 * total, `${others.length} suffered for others`);
    const unseen = total - server.stats(false).total.targets;
    assert.ok(unseen <= others.length, `${unseen} targets were never asked for`);
    if (perOrigin === TARGETS_PER_ORIGIN) {
      const { byFault } = server.stats(false);
      assert.deepEqual(Object.keys(byFault).toSorted(), FAULT_NAMES.toSorted(), 'every fault took part');
    }
  });
}

interface Difference extends HostileTarget {
  readonly found: string;
  readonly isCollateral: boolean;
}

function differenceOf(target: HostileTarget, found: string): Difference[] {
  return found === target.expected ? [] : [{ ...target, found, isCollateral: isCollateral(found) }];
}
