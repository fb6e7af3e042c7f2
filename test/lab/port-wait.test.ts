// The planner where ports are short, over facts of machines that do not exist.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgePortWait } from '../../src/lab/port-wait.ts';
import { prepareRound } from '../../src/lab/trial-round.ts';
import type { RoundOptions } from '../../src/lab/round-options.ts';
import type { HeldPorts } from '../../src/limits/held-ports.ts';
import type { Limits } from '../../src/limits/read.ts';
import type { PlanRequest } from '../../src/runner/bench/plan/plan-request.ts';
import { makeLimits } from '../limits/fixtures.ts';
import { baseRound } from './base-round.ts';

const ORIGIN = 'http://127.0.0.1:8000';

function foreign(delayMs: number | null, over: Partial<RoundOptions> = {}): RoundOptions {
  const server = { own: false, origin: ORIGIN, delayMs } as const;
  return {
    ...baseRound({ trialCount: 10_000, delayMs: 0 }),
    strategy: 'multicore',
    trialCount: 10_000,
    server,
    ...over,
  };
}

function request(delayMs: number | null): PlanRequest {
  return {
    ...foreign(delayMs),
    server: {
      ours: false,
      delayMs,
      isTls: false,
      destination: { addresses: ['127.0.0.1'], port: 8000 },
    },
  };
}

/** So many ports in TIME_WAIT that end after so many seconds, on a machine that does not use them again. */
function waiting(count: number, endSec: number, reuse = 0): Limits {
  const endsInSec = [...Array.from({ length: endSec - 1 }, () => 0), count];
  const held: HeldPorts = {
    address: '127.0.0.1',
    port: 8000,
    liveCount: 0,
    timeWaitCount: count,
    endsInSec,
  };
  return makeLimits({ ports: { destinations: [held] }, sockets: { timeWaitReuse: reuse } });
}

function planOf(options: RoundOptions, limits: Limits) {
  const { plan, findings } = prepareRound(options, limits);
  const refused = findings.filter(({ verdict }) => verdict === 'refused');
  return { connections: plan.connectionCount, waves: plan.waveCount, refused };
}

test('thirteen thousand ports in TIME_WAIT on loopback cost no connection, and twenty-five thousand none either', () => {
  for (const count of [13_000, 25_000])
    assert.deepEqual(planOf(foreign(1000), waiting(count, 30, 2)), {
      connections: 10_000,
      waves: 1,
      refused: [],
    });
});

test('where they are not used again, a short wait goes before waves, and waves before a long wait', () => {
  // 27,667 less 25,000: 2,667 connections, 4 waves of 1 s.
  assert.deepEqual(judgePortWait(request(1000), waiting(25_000, 2)), { waitSec: 2, portCount: 25_000 });
  assert.equal(judgePortWait(request(1000), waiting(25_000, 30)), null);
  // With a delay of 30 s each wave is longer than any wait.
  assert.deepEqual(judgePortWait(request(30_000), waiting(25_000, 30)), { waitSec: 30, portCount: 25_000 });
  // Nothing is waited for that the plan does not need.
  assert.equal(judgePortWait(request(1000), waiting(13_000, 1)), null);
});

test('one connection and ten thousand waves are refused with both remedies, or run where they are asked for', () => {
  const limits = waiting(27_666, 60);
  for (const delayMs of [1000, null]) {
    const { connections, waves, refused } = planOf(foreign(delayMs), limits);
    assert.deepEqual([connections, waves], [1, 10_000]);
    const [finding] = refused;
    assert.equal(finding?.limit, 'ports');
    assert.match(finding?.message ?? '', /expected no more than 10 wave\(s\), found 10000/u);
    assert.match(finding?.message ?? '', /lift the limit, or say --waves/u);
    assert.match(finding?.fix ?? '', /ip_local_port_range/u);
    assert.deepEqual(planOf(foreign(delayMs, { isInWaves: true }), limits).refused, []);
  }
  // Waves of a server that answers at once cost nothing, and those that were asked for are asked for.
  assert.deepEqual(planOf(foreign(0), limits).refused, []);
  assert.deepEqual(planOf(foreign(1000, { connections: 100 }), makeLimits()).refused, []);
});

test('no plan takes over ten times its floor unless somebody asks for it, whatever holds ports and files', () => {
  fc.assert(
    fc.property(
      fc.nat(30_000),
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom(0, 1, 2),
      fc.integer({ min: 60, max: 20_000 }),
      fc.integer({ min: 1, max: 200_000 }),
      fc.constantFrom(null, 10, 1000),
      (held, endSec, reuse, softCount, trialCount, delayMs) => {
        const limits = { ...waiting(held, endSec, reuse) };
        const options = foreign(delayMs, { trialCount });
        const { plan, findings } = prepareRound(options, {
          ...limits,
          files: { ...limits.files, softCount },
        });
        const wavesOfNone = prepareRound(
          options,
          makeLimits({ files: { softCount: 'unlimited' }, ports: { rangeCount: null } }),
        ).plan.waveCount;
        if (findings.some(({ verdict }) => verdict === 'refused')) return;
        assert.ok(
          plan.waveCount <= 10 * wavesOfNone,
          `${plan.waveCount} waves where ${wavesOfNone} could do`,
        );
      },
    ),
  );
});
