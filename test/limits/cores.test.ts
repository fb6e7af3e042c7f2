import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maxThreadCount, resolveCores, resolveReplicas } from '../../src/limits/cores.ts';
import { makeLimits } from './fixtures.ts';

const cores = (usableCores: number) => makeLimits({ cpu: { usableCores } });

test('auto takes every usable core, two thirds beside a server, and leaves a third to the replicas', () => {
  const table = [
    // usable, workers alone, workers beside a server, replicas beside a client
    [0.1, 1, 1, 1],
    [0.5, 1, 1, 1],
    [1, 1, 1, 1],
    [1.5, 1, 1, 1],
    [2, 2, 2, 1],
    [3, 3, 2, 1],
    [4, 4, 3, 2],
    [6, 6, 4, 2],
    [8, 8, 6, 3],
    [16, 16, 11, 6],
    [64, 64, 43, 22],
    [1024, 256, 256, 256],
  ] as const;
  for (const [usable, alone, beside, replicas] of table) {
    const limits = cores(usable);
    assert.equal(resolveCores('auto', limits, { sharesMachineWithServer: false }).workers, alone);
    assert.equal(resolveCores('auto', limits, { sharesMachineWithServer: true }).workers, beside);
    assert.equal(resolveReplicas('auto', limits, { sharesMachineWithClient: true }).replicas, replicas);
    assert.equal(resolveReplicas('auto', limits, { sharesMachineWithClient: false }).replicas, alone);
  }
});

test('the reason names the cores, how they were found and who shares them', () => {
  const limits = makeLimits({ cpu: { usableCores: 0.5, how: 'a quota of 0.5 by cpu.max' } });
  const { reason } = resolveCores('auto', limits, { sharesMachineWithServer: true });
  assert.match(reason, /usable cores: 0\.5 \(a quota of 0\.5 by cpu\.max\); two thirds/);
});

test('auto is never below 1, never above the cap, and never falls when cores are added', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 2000, noNaN: true }),
      fc.double({ min: 0, max: 64, noNaN: true }),
      fc.boolean(),
      (usable, more, shared) => {
        const options = { sharesMachineWithServer: shared };
        const { workers } = resolveCores('auto', cores(usable), options);
        assert.ok(Number.isInteger(workers) && workers >= 1 && workers <= maxThreadCount(cores(usable)));
        assert.ok(resolveCores('auto', cores(usable + more), options).workers >= workers);
      },
    ),
  );
});

test('a number in range is taken as it is, even above the cores', () => {
  assert.equal(resolveCores(3, cores(2), { sharesMachineWithServer: true }).workers, 3);
  assert.equal(resolveCores(8, cores(0.5), { sharesMachineWithServer: true }).workers, 8);
  assert.equal(resolveCores(256, cores(64), { sharesMachineWithServer: true }).workers, 256);
  assert.equal(resolveReplicas(2, cores(2), { sharesMachineWithClient: true }).replicas, 2);
});

test('a number out of range is refused with what was expected, what was found and what to do', () => {
  for (const request of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 9, 99_999]) {
    assert.throws(
      () => resolveCores(request, cores(2), { sharesMachineWithServer: true }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_OPTION');
        assert.match(error.message, /^expected --cores to be auto or a whole number from 1 to 8 /);
        assert.ok(error.message.includes(`found ${request}; leave it at auto`));
        return true;
      },
    );
  }
  assert.throws(
    () => resolveReplicas(257, cores(128), { sharesMachineWithClient: false }),
    /expected --replicas to be auto or a whole number from 1 to 256 /,
  );
});
