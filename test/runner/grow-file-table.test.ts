import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

/** What a process of its own says of its table and its open files before and after. */
function grownBy(
  connectionCount: number,
  limit?: number,
): { readonly room: number; readonly leftOpen: number } {
  const program = `
    import { readdirSync, readFileSync } from 'node:fs';
    import { growFileTable } from '${new URL('../../src/runner/grow-file-table.ts', import.meta.url).href}';
    const before = readdirSync('/proc/self/fd').length;
    growFileTable(${connectionCount});
    const leftOpen = readdirSync('/proc/self/fd').length - before;
    const room = Number(/FDSize:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
    console.log(JSON.stringify({ room, leftOpen }));`;
  const node = [process.execPath, '--input-type=module', '-e', program];
  const command = limit === undefined ? node : ['prlimit', `--nofile=${limit}`, ...node];
  const { stdout, stderr, status } = spawnSync(command[0] as string, command.slice(1), { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as { room: number; leftOpen: number };
}

const skip = process.platform === 'linux' ? false : 'the table of open files is read from /proc';

test('a table of open files has room for the connections to come, and nothing stays open', { skip }, () => {
  const { room, leftOpen } = grownBy(3000);
  assert.ok(room >= 3000, `room for ${room}`);
  assert.equal(leftOpen, 0);
});

test('few connections leave the table of open files alone', { skip }, () => {
  assert.ok(grownBy(500).room < 1024);
});

test('a limit on open files that is met first is no error, and nothing stays open', { skip }, () => {
  assert.equal(grownBy(10_000, 300).leftOpen, 0);
});
