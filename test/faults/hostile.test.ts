// Every fault of the table against both transports: what its targets become, and that the others come to no harm.
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { FAULT_NAMES, FAULTS, type FaultName } from '../../src/server/faults/fault-table.ts';
import { startFaultServer } from '../../src/server/faults/fault-server.ts';
import { assertAccountsAgree, FETCH_TRANSPORTS, fetchTargets, targetsOf, wordOf } from './hostile-world.ts';

const TARGET_COUNT = 24;
/** What is seen in the moment that it happens: no deadline has a part in it, however busy the machine is. */
const ENDS_AT_ONCE: ReadonlySet<string> = new Set([
  'connection-lost',
  'connect-refused',
  'http-status',
  'protocol',
]);
const PATIENT = { totalMs: 40_000, connectMs: 20_000, firstByteMs: 20_000, idleMs: 20_000 };

for (const transport of FETCH_TRANSPORTS) {
  suite(`over ${transport === 'auto' ? 'wire' : transport}`, { concurrency: 6, timeout: 100_000 }, () => {
    for (const name of FAULT_NAMES) {
      const { does, becomes } = FAULTS[name];
      if (name === 'none') continue;
      test(`${name} (${does}) becomes ${becomes}, and the other targets are ok`, async (t: TestContext) => {
        using server = await startFaultServer({ faults: `${name}=0.25`, seed: seedFor(name), delayMs: 0 });
        const targets = targetsOf(server, TARGET_COUNT);
        const hit = targets.filter(({ fault }) => fault === name).length;
        assert.ok(hit >= 2 && hit <= 14, `${hit} targets have the fault`);
        const run = await fetchTargets(t, server, targets, {
          request: { transport },
          // What passes in time is waited for; what does not is asked for three times.
          limits: { maxRetries: becomes === 'ok' ? 10 : 2, ...(ENDS_AT_ONCE.has(becomes) ? PATIENT : {}) },
        });
        await assertAccountsAgree(server, targets, run);
        assert.deepEqual(
          targets.map(({ path, fault }, index) => `${path} ${fault} ${wordOf(run.outcomes[index])}`),
          targets.map(({ path, fault, expected }) => `${path} ${fault} ${expected}`),
          JSON.stringify(run.outcomes.filter(({ kind }) => kind === 'failed').slice(0, 2)),
        );
      });
    }
  });
}

/** Each test has other places for its cuts. */
function seedFor(name: FaultName): string {
  return `hostile test of ${name}`;
}
