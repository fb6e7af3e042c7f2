// A bench where other clients have left ports in TIME_WAIT: real sockets of the kernel, in a network name space of their
// own with five hundred ephemeral ports.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const FILL = fileURLToPath(new URL('../helpers/fill-time-wait.ts', import.meta.url));

function inNameSpace(command: string, ...args: readonly string[]) {
  const script = `ip link set lo up && ${command}`;
  return spawnSync('unshare', ['-n', 'sh', '-c', script, 'sh', ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
}

/** Named, so that a machine without them says what it does not test. */
function whyNot(): string | false {
  const { status, stderr } = inNameSpace('test -w /proc/sys/net/ipv4/tcp_tw_reuse');
  return status === 0
    ? false
    : `no network name space of its own here (unshare -n, ip): ${stderr ?? ''}`.trim();
}

function benchAfter(count: number, reuse: number, ...args: readonly string[]): string {
  const { stdout, stderr } = inNameSpace(
    'exec "$@"',
    process.execPath,
    FILL,
    String(count),
    String(reuse),
    '50',
    ...args,
  );
  assert.match(stdout, /^in TIME_WAIT: \d{3,4}$/m, stderr);
  return stdout;
}

const TRIALS = ['--trials', '400', '--delay', '50ms'];

test('ports that are used again are counted on: all connections in one wave', { skip: whyNot() }, () => {
  const stdout = benchAfter(400, 2, ...TRIALS);
  assert.match(stdout, /400 connections in flight (?!.* waves)/u);
  assert.match(stdout, /computed value 79800 for 400 trials/u);
  assert.match(stdout, /exit 0$/mu);
});

test('ports that are not used again cost waves, and the plan says by what', { skip: whyNot() }, () => {
  const stdout = benchAfter(400, 0, ...TRIALS);
  assert.match(stdout, /9\d connections in flight, 5 waves.*; about \d+ ms/u);
  assert.match(stdout, /less (?:39\d|400) held now; beyond half of the range.* each connect is slower/u);
  assert.match(stdout, /5 waves, as the plan was cut by ports/u);
  assert.match(stdout, /computed value 79800 for 400 trials/u);
});

test('a handful of ports is no plan: refused with both remedies, run with --waves', {
  skip: whyNot(),
}, () => {
  const refused = benchAfter(480, 0, ...TRIALS);
  assert.match(refused, /expected no more than 10 wave\(s\), found \d+.*lift the limit, or say --waves/u);
  assert.match(refused, /ip_local_port_range/u);
  assert.match(refused, /^.*exit 3$/mu);
  const run = benchAfter(480, 0, ...TRIALS, '--waves');
  assert.match(run, /computed value 79800 for 400 trials/u);
});
