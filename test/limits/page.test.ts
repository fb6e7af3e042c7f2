import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { maxConnectionsByAcceptQueue } from '../../src/limits/accept-queue.ts';
import { resolveCores, resolveReplicas } from '../../src/limits/cores.ts';
import { LIMIT_NAMES } from '../../src/model/finding.ts';
import { makeLimits } from './fixtures.ts';

const PAGE = readFileSync(new URL('../../docs/limits.md', import.meta.url), 'utf8');

/** The cells of a table line, without the empty ones at both ends. */
function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

test('the table of limits in docs/limits.md and the limits in the code are the same, in the same order', () => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| `'));
  assert.deepEqual(
    rows.map((row) => cells(row)[0]),
    Object.keys(LIMIT_NAMES).map((name) => `\`${name}\``),
  );
  for (const row of rows) {
    assert.equal(cells(row).length, 5, row);
    assert.ok(
      cells(row).every((cell) => cell !== ''),
      row,
    );
  }
});

test('the table of workers and replicas in docs/limits.md is what auto gives', () => {
  const row = (name: string): number[] => {
    const line = PAGE.split('\n').find((one) => one.startsWith(`| ${name} |`));
    return cells(line ?? '')
      .slice(1)
      .map(Number);
  };
  const usable = row('usable cores');
  assert.ok(usable.length >= 5);
  const limits = usable.map((usableCores) => makeLimits({ cpu: { usableCores } }));
  const workers = limits.map((one) => resolveCores('auto', one, { sharesMachineWithServer: true }).workers);
  const replicas = limits.map(
    (one) => resolveReplicas('auto', one, { sharesMachineWithClient: true }).replicas,
  );
  assert.deepEqual(row('workers'), workers);
  assert.deepEqual(row('replicas'), replicas);
});

test('the mean that docs/limits.md gives for queues of 4,096 is the one in the code', () => {
  const { count } = maxConnectionsByAcceptQueue(makeLimits(), { ours: true, queueCount: 2, backlog: 4096 });
  assert.ok(PAGE.includes(`${(count / 2).toLocaleString('en-US')} on average in each queue of 4,096`));
});
