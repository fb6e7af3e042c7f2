import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkPlan } from '../../../../src/limits/check.ts';
import { FAMILIES, type Plan, TRANSPORTS } from '../../../../src/model/plan.ts';
import { makePlan } from '../../../../src/runner/bench/plan/plan.ts';
import type { PlanRequest } from '../../../../src/runner/bench/plan/plan-request.ts';
import { needOf, type PlannedServer } from '../../../../src/runner/bench/plan/plan-costs.ts';
import { makeLimits } from '../../../limits/fixtures.ts';

const OWN: PlannedServer = {
  ours: true,
  delayMs: 1000,
  replicaCount: 1,
  listenersPerReplica: 4,
  backlog: 4096,
  isLean: false,
  isTls: false,
};
const DESTINATION = { addresses: ['127.0.0.1'], port: 8000 };
const FOREIGN = {
  ours: false,
  delayMs: null,
  isTls: false,
  destination: DESTINATION,
} satisfies PlannedServer;

const TWO_CORES = makeLimits({
  cpu: { usableCores: 2, affinityCount: 2, availableParallelism: 2, machineCoreCount: 2 },
  files: { softCount: 20_000, hardCount: 20_000, inUseCount: 22 },
});

function request(overrides: Partial<PlanRequest> = {}): PlanRequest {
  return {
    strategy: 'multicore',
    trialCount: 10_000,
    family: 'one-per-connection',
    transport: 'undici',
    cores: 'auto',
    lanes: 'auto',
    connections: 'auto',
    pipelining: 'auto',
    maxInFlight: 'auto',
    processes: 'auto',
    server: OWN,
    ...overrides,
  };
}

function pick<Field extends keyof Plan>(plan: Plan, ...fields: Field[]): Pick<Plan, Field> {
  return Object.fromEntries(fields.map((field) => [field, plan[field]])) as Pick<Plan, Field>;
}

for (const connections of [64, 2_000, 10_000])
  test(`${connections} connections that are asked for are all used, without a delay as well`, () => {
    const plan = makePlan(
      request({ trialCount: 200_000, transport: 'wire', connections, server: { ...FOREIGN, delayMs: 0 } }),
      TWO_CORES,
    );
    assert.deepEqual(pick(plan, 'connectionCount', 'maxInFlight'), {
      connectionCount: connections,
      maxInFlight: connections,
    });
  });

test('the main job on two cores: two workers, 80 lanes, ten thousand connections in one wave', () => {
  const plan = makePlan(request(), TWO_CORES);
  assert.deepEqual(
    pick(
      plan,
      'workerCount',
      'laneCount',
      'connectionCount',
      'pipelining',
      'maxInFlight',
      'waveCount',
      'destinationCount',
      'floorMs',
    ),
    {
      workerCount: 2,
      laneCount: 80,
      connectionCount: 10_000,
      pipelining: 1,
      maxInFlight: 10_000,
      waveCount: 1,
      destinationCount: 1,
      floorMs: 1000,
    },
  );
});

test('more trials than a process may have files run in waves that fit', () => {
  const plan = makePlan(request({ trialCount: 30_000 }), TWO_CORES);
  assert.equal(plan.connectionCount, 19_954);
  assert.equal(plan.waveCount, 2);
  assert.equal(plan.floorMs, 2000);
  assert.equal(plan.destinationCount, 2, 'half a range of ports is 14,116 for each destination');
  assert.match(plan.reasons.find(({ field }) => field === 'connections')?.reason ?? '', /open files/);
});

test('256 open files leave waves of 210 connections', () => {
  const few = makeLimits({ ...TWO_CORES, files: { softCount: 256, hardCount: 256, inUseCount: 22 } });
  const plan = makePlan(request({ trialCount: 1000 }), few);
  assert.equal(plan.connectionCount, 210);
  assert.equal(plan.waveCount, 5);
});

test('what is asked for stands, and the check refuses what does not fit', () => {
  const plan = makePlan(request({ trialCount: 30_000, connections: 30_000, processes: 1 }), TWO_CORES);
  assert.equal(plan.connectionCount, 30_000);
  const refused = checkPlan(needOf(plan, OWN), TWO_CORES).filter(({ verdict }) => verdict === 'refused');
  assert.deepEqual(
    refused.map(({ limit }) => limit),
    ['files', 'server-files'],
  );
});

test('more connections than one process may hold take several, with a destination and a replica for each share', () => {
  const plan = makePlan(
    request({ trialCount: 50_000, connections: 50_000, server: { ...OWN, replicaCount: 3 } }),
    TWO_CORES,
  );
  assert.deepEqual(pick(plan, 'processCount', 'workerCount', 'destinationCount', 'waveCount'), {
    processCount: 3,
    workerCount: 3,
    destinationCount: 6,
    waveCount: 1,
  });
  assert.deepEqual(
    checkPlan(needOf(plan, { ...OWN, replicaCount: 3 }), TWO_CORES).filter(
      ({ verdict }) => verdict === 'refused',
    ),
    [],
  );
});

test('the families differ in how requests share connections', () => {
  const shape = (
    family: Plan['family'],
    transport: Plan['transport'],
    trialCount: number,
    server: PlannedServer = OWN,
  ) =>
    pick(
      makePlan(request({ family, transport, trialCount, server }), TWO_CORES),
      'connectionCount',
      'pipelining',
      'maxInFlight',
    );
  assert.deepEqual(shape('pipelined', 'undici', 10_000), {
    connectionCount: 100,
    pipelining: 100,
    maxInFlight: 10_000,
  });
  assert.deepEqual(shape('pipelined', 'undici', 1_000_000), {
    connectionCount: 1000,
    pipelining: 100,
    maxInFlight: 100_000,
  });
  assert.deepEqual(shape('pipelined', 'wire', 1_000_000, { ...OWN, isLean: true }), {
    connectionCount: 1000,
    pipelining: 1000,
    maxInFlight: 1_000_000,
  });
  assert.equal(
    shape('pipelined', 'wire', 1_000_000).maxInFlight,
    100_000,
    'Fastify is asked for no more at once',
  );
  assert.deepEqual(shape('h2c', 'undici', 100_000), {
    connectionCount: 100,
    pipelining: 100,
    maxInFlight: 10_000,
  });
});

test('without a delay pipelines are few and deep, and every core has its share', () => {
  const shape = (overrides: Partial<PlanRequest>, limits = TWO_CORES) => {
    const plan = makePlan(
      request({ family: 'pipelined', server: { ...OWN, delayMs: 0, isLean: true }, ...overrides }),
      limits,
    );
    return [plan.workerCount, plan.connectionCount, plan.pipelining, plan.maxInFlight];
  };
  const big = { transport: 'wire', trialCount: 10_000_000 } as const;
  const eight = makeLimits({
    ...TWO_CORES,
    cpu: { usableCores: 8, affinityCount: 8, availableParallelism: 8, machineCoreCount: 8 },
  });
  assert.deepEqual(shape(big), [2, 32, 250, 8_000]);
  assert.deepEqual(shape(big, eight), [6, 96, 250, 24_000]);
  assert.deepEqual(shape({ ...big, connections: 10 }), [2, 10, 800, 8_000]);
  assert.deepEqual(shape({ ...big, connections: 2 }), [2, 2, 1_000, 2_000]);
  assert.deepEqual(shape({ ...big, maxInFlight: 100_000 }), [2, 100, 1_000, 100_000]);
  assert.deepEqual(shape({ ...big, server: { ...OWN, delayMs: 0 } }), [2, 31, 12, 364], 'Fastify is slower');
  assert.deepEqual(shape({ trialCount: 1_000_000 }), [2, 32, 30, 960], 'undici');
  assert.deepEqual(shape({ family: 'h2c' }), [2, 2, 60, 120]);
  assert.deepEqual(shape({ ...big, trialCount: 10 }), [2, 10, 1, 10]);
});

test('the wait of a server makes pipelines as many as they are deep', () => {
  const plan = makePlan(
    request({
      family: 'pipelined',
      transport: 'wire',
      trialCount: 10_000_000,
      server: { ...OWN, delayMs: 100, isLean: true },
    }),
    TWO_CORES,
  );
  assert.deepEqual(pick(plan, 'connectionCount', 'pipelining', 'maxInFlight'), {
    connectionCount: 316,
    pipelining: 317,
    maxInFlight: 100_000,
  });
});

test('without a delay only what two workers can turn around is in flight', () => {
  const plan = makePlan(request({ trialCount: 100_000, server: { ...OWN, delayMs: 0 } }), TWO_CORES);
  assert.equal(plan.maxInFlight, 120);
  assert.equal(plan.floorMs, 0);
  const wire = makePlan(
    request({ trialCount: 10_000_000, transport: 'wire', server: { ...OWN, delayMs: 0 } }),
    TWO_CORES,
  );
  assert.deepEqual(pick(wire, 'workerCount', 'connectionCount', 'maxInFlight'), {
    workerCount: 2,
    connectionCount: 200,
    maxInFlight: 200,
  });
});

test('auto takes the wire transport for HTTP/1.1, over TLS too, and undici for HTTP/2', () => {
  const transport = (overrides: Partial<PlanRequest>) =>
    makePlan(request({ transport: 'auto', ...overrides }), TWO_CORES).transport;
  assert.equal(transport({}), 'wire');
  assert.equal(transport({ family: 'pipelined' }), 'wire');
  assert.equal(transport({ family: 'h2c' }), 'undici');
  assert.equal(transport({ server: { ...FOREIGN, isTls: true } }), 'wire');
  assert.equal(transport({ server: FOREIGN }), 'wire');
});

test('a server that is not ours gets one connecting worker beyond its accept queue', () => {
  const many = makePlan(request({ server: FOREIGN }), TWO_CORES);
  assert.equal(many.workerCount, 1);
  assert.equal(many.destinationCount, 1);
  assert.ok(many.maxConnecting <= 255, `half a queue of 511, got ${many.maxConnecting}`);
  assert.equal(many.floorMs, null);
  assert.equal(makePlan(request({ server: FOREIGN, trialCount: 500 }), TWO_CORES).workerCount, 2);
  assert.equal(makePlan(request({ server: FOREIGN, cores: 2 }), TWO_CORES).workerCount, 2, 'asked for');
});

test('half a core still makes one worker', () => {
  const half = makeLimits({ ...TWO_CORES, cpu: { usableCores: 0.5, quotaCores: 0.5 } });
  assert.equal(makePlan(request(), half).workerCount, 1);
});

test('numbers out of range of the machine are refused by name', () => {
  assert.throws(() => makePlan(request({ cores: 99_999 }), TWO_CORES), {
    code: 'ERR_OPTION',
    message: /--cores/,
  });
});

test('whatever is asked, the parts of a plan fit each other and every auto has a reason', () => {
  const auto = (most: number) => fc.oneof(fc.constant('auto' as const), fc.integer({ min: 1, max: most }));
  fc.assert(
    fc.property(
      fc.record({
        trialCount: fc.integer({ min: 1, max: 10_000_000 }),
        family: fc.constantFrom(...FAMILIES),
        transport: fc.constantFrom('auto' as const, ...TRANSPORTS),
        cores: auto(8),
        lanes: auto(500),
        connections: auto(1_000_000),
        pipelining: auto(2_000),
        maxInFlight: auto(5_000_000),
        processes: auto(8),
        server: fc.constantFrom<PlannedServer>(
          OWN,
          { ...OWN, delayMs: 0 },
          { ...OWN, delayMs: 3, isLean: true },
          { ...OWN, replicaCount: 3 },
          FOREIGN,
        ),
      }),
      fc.integer({ min: 64, max: 1_000_000 }),
      (asked, softCount) => {
        const limits = makeLimits({
          ...TWO_CORES,
          files: { softCount, hardCount: softCount, inUseCount: 22 },
        });
        const plan = makePlan(request(asked), limits);
        const whole = pick(
          plan,
          'workerCount',
          'laneCount',
          'connectionCount',
          'pipelining',
          'maxInFlight',
          'waveCount',
          'destinationCount',
          'maxConnecting',
        );
        for (const [field, value] of Object.entries(whole)) {
          assert.ok(Number.isSafeInteger(value) && value >= 1, `${field} is ${value}`);
        }
        assert.ok(plan.maxInFlight <= plan.connectionCount * plan.pipelining);
        assert.ok(plan.maxInFlight <= plan.trialCount && plan.connectionCount <= plan.trialCount);
        assert.ok(plan.workerCount <= plan.connectionCount && plan.workerCount <= plan.maxInFlight);
        assert.ok(plan.laneCount >= plan.workerCount && plan.laneCount <= plan.connectionCount);
        assert.ok(plan.waveCount * plan.maxInFlight >= plan.trialCount);
        if (asked.family === 'one-per-connection') assert.equal(plan.pipelining, 1);
        const isFree = [
          asked.cores,
          asked.connections,
          asked.pipelining,
          asked.maxInFlight,
          asked.processes,
        ].every((number) => number === 'auto');
        // What the machine has room for, and no more trials than cores, may leave a core out.
        if (isFree && asked.server.ours && asked.trialCount >= 10_000) assert.equal(plan.workerCount, 2);
        if (asked.connections === 'auto') {
          const refused = checkPlan(needOf(plan, asked.server), limits).filter(
            ({ verdict }) => verdict === 'refused',
          );
          assert.deepEqual(
            refused.map(({ limit }) => limit).filter((limit) => limit.endsWith('files')),
            [],
          );
        }
        const fields = new Set(plan.reasons.map(({ field }) => field));
        for (const field of [
          'transport',
          'pipelining',
          'connections',
          'maxInFlight',
          'workers',
          'lanes',
          'destinations',
        ]) {
          assert.ok(fields.has(field), `${field} has no reason`);
        }
        assert.ok(plan.reasons.every(({ reason }) => reason.length > 0));
      },
    ),
    { numRuns: 500 },
  );
});

test('where the range of ports cannot be read, one destination is planned and not none', () => {
  const blind = makeLimits({ ...TWO_CORES, ports: { lowPort: null, highPort: null, rangeCount: null } });
  assert.equal(makePlan(request(), blind).destinationCount, 1);
});
