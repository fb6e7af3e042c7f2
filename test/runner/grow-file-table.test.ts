import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** What a process of its own says of its table and its open files before and after. */
function grownBy(
  connectionCount: number,
  limit?: number,
): { readonly capacity: number; readonly leftOpen: number } {
  const program = `
    import { readdirSync, readFileSync } from 'node:fs';
    import { growFileTable } from '${new URL('../../src/runner/grow-file-table.ts', import.meta.url).href}';
    const before = readdirSync('/proc/self/fd').length;
    growFileTable(${connectionCount});
    const leftOpen = readdirSync('/proc/self/fd').length - before;
    const capacity = Number(/FDSize:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
    console.log(JSON.stringify({ capacity, leftOpen }));`;
  const node = [process.execPath, '--input-type=module', '-e', program];
  const command = limit === undefined ? node : ['prlimit', `--nofile=${limit}`, ...node];
  const { stdout, stderr, status } = spawnSync(command[0] as string, command.slice(1), { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as { capacity: number; leftOpen: number };
}

const skip = process.platform === 'linux' ? false : 'the table of open files is read from /proc';

test('a table of open files has room for the connections to come, and nothing stays open', { skip }, () => {
  const { capacity, leftOpen } = grownBy(3000);
  assert.ok(capacity >= 3000, `room for ${capacity}`);
  assert.equal(leftOpen, 0);
});

test('few connections leave the table of open files alone', { skip }, () => {
  assert.ok(grownBy(500).capacity < 1024);
});

test('a limit on open files that is met first is no error, and nothing stays open', { skip }, () => {
  assert.equal(grownBy(10_000, 300).leftOpen, 0);
});
