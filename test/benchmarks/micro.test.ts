import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { batches } from '../../benchmarks/micro/batches.ts';
import { counting } from '../../benchmarks/micro/counting.ts';
import { journal } from '../../benchmarks/micro/journal.ts';
import { sinks } from '../../benchmarks/micro/sinks.ts';
import { type MicroSuite, runSuite } from '../../benchmarks/micro/suite.ts';
import { undiciWays } from '../../benchmarks/micro/undici-ways.ts';

const SUITES: readonly MicroSuite[] = [undiciWays, batches, counting, sinks, journal];
const page = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8');

for (const suite of SUITES) {
  test(`every task of the micro suite ${suite.name} runs, and its page names it`, async () => {
    assert.match(page, new RegExp(`^\\| \`${suite.name}\` \\|`, 'm'));
    await using opened = await suite.open();
    assert.ok(opened.tasks.length >= 3, String(opened.tasks.length));
    for (const { run } of opened.tasks) await run();
  });
}

test('undici is asked in each of its ways on each of its dispatchers', async () => {
  await using opened = await undiciWays.open();
  const names = opened.tasks.map(({ name }) => name.replace(/ \(.*/, ''));
  const expected = ['Client', 'Pool', 'Agent', 'RoundRobinPool'].flatMap((where) =>
    ['fetch', 'request', 'stream', 'dispatch'].map((way) => `${way} on ${where}`),
  );
  assert.deepEqual(names, expected);
});

test('the time of a micro task is that of one operation, and a p99 takes a hundred iterations', async () => {
  const spin = (ms: number) => {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs);
  };
  const tasks = [
    { name: 'ten', operations: 10, run: () => spin(1) },
    { name: 'one', operations: 1, run: () => spin(1) },
  ];
  const results = await runSuite(
    {
      name: 'spin',
      operation: 'a turn',
      open: async () => ({ tasks, [Symbol.asyncDispose]: async () => {} }),
    },
    20,
  );
  const [ten, one] = results;
  assert.ok(ten !== undefined && one !== undefined);
  assert.ok(one.medianUs >= 1_000 && one.medianUs < 100_000, String(one.medianUs));
  assert.ok(ten.medianUs >= 100 && ten.medianUs < 10_000, String(ten.medianUs));
  for (const { p99Us, iterations } of results) assert.equal(p99Us === null, iterations < 100);
});
