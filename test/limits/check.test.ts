import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FOREIGN_ACCEPT_QUEUE } from '../../src/limits/accept-queue.ts';
import type { PlanNeed } from '../../src/limits/check.ts';
import { checkPlan } from '../../src/limits/check.ts';
import type { Limits } from '../../src/limits/read.ts';
import type { Finding, LimitName } from '../../src/model/finding.ts';
import { LIMIT_NAMES } from '../../src/model/finding.ts';
import { GIB, makeLimits } from './fixtures.ts';

const NEED: PlanNeed = {
  processCount: 1,
  workerCount: 2,
  connectionCount: 10_000,
  destinationCount: 1,
  maxConnecting: 5000,
  replicaCount: 1,
  memoryBytes: GIB,
  acceptQueue: { ours: true, queueCount: 4, backlog: 4096 },
  destination: { addresses: ['127.0.0.1'], port: 8000 },
};

function find(limit: LimitName, need: Partial<PlanNeed>, limits: Limits = makeLimits()): Finding {
  const finding = checkPlan({ ...NEED, ...need }, limits).find((one) => one.limit === limit);
  assert.ok(finding, `a finding for ${limit}`);
  return finding;
}

test('a plan that fits is ok everywhere, each limit once, and says what was expected and found', () => {
  const limits = makeLimits({ sockets: { conntrackCount: 0, conntrackMaxCount: 262_144 } });
  const findings = checkPlan(NEED, limits);
  assert.deepEqual(
    findings.map(({ limit }) => limit),
    Object.keys(LIMIT_NAMES),
  );
  for (const { limit, verdict, message } of findings) {
    assert.equal(verdict, 'ok', limit);
    assert.match(message, /^expected .+, found .+[^;]$/);
  }
  assert.deepEqual(JSON.parse(JSON.stringify(findings)), findings);
});

test('limits that a plan does not touch are not judged', () => {
  const limits = new Set(checkPlan({ ...NEED, replicaCount: 0 }, makeLimits()).map(({ limit }) => limit));
  assert.ok(!limits.has('server-files') && !limits.has('conntrack'));
  assert.equal(limits.size, Object.keys(LIMIT_NAMES).length - 2);
});

test('open files: 30,000 connections where 20,000 files are allowed are refused, two processes carry them', () => {
  const refused = find('files', { connectionCount: 30_000 });
  assert.equal(refused.verdict, 'refused');
  assert.equal(refused.needed, 30_000);
  assert.equal(refused.allowed, 20_000 - 24 - 10 - 8 - 4);
  assert.equal(refused.fix, 'ulimit -n 65536');
  assert.match(refused.buys, /^up to 65\d{3} connections a process$/);
  assert.match(refused.message, /; open fewer connections at once \(in waves\)/);
  assert.equal(find('files', { connectionCount: 30_000, processCount: 2 }).verdict, 'ok');
  assert.equal(find('files', { connectionCount: 19_950 }).verdict, 'tight');
  assert.equal(find('server-files', { connectionCount: 30_000 }).verdict, 'refused');
  assert.equal(find('server-files', { connectionCount: 30_000, replicaCount: 2 }).verdict, 'ok');
});

test('open files above what anyone may set are lifted by nr_open first; no limit is ok; an unknown one unknown', () => {
  const low = makeLimits({ files: { softCount: 4096, ceilingCount: 4096 } });
  assert.equal(find('files', {}, low).fix, 'sysctl -w fs.nr_open=65536');
  const wide = makeLimits({ files: { softCount: 65_536 } });
  assert.equal(find('files', { connectionCount: 70_000 }, wide).fix, 'ulimit -n 131072');
  assert.equal(find('files', {}, makeLimits({ files: { softCount: 'unlimited' } })).verdict, 'ok');
  const unknown = find('files', {}, makeLimits({ files: { softCount: null } }));
  assert.equal(unknown.verdict, 'unknown');
  assert.equal(unknown.allowed, null);
});

test('the files of the system are needed twice where the server is here too', () => {
  const limits = makeLimits({ files: { systemInUseCount: 1000, systemMaxCount: 20_000 } });
  assert.equal(find('system-files', {}, limits).verdict, 'refused');
  assert.equal(find('system-files', {}, limits).fix, 'sysctl -w fs.file-max=65536');
  assert.equal(find('system-files', { replicaCount: 0 }, limits).verdict, 'ok');
});

test('ports: half a range is ok, the rest tight and said to be slower, beyond it refused, and more destinations help', () => {
  const table = [
    [14_116, 1, 'ok'],
    [14_117, 1, 'tight'],
    [27_667, 1, 'tight'],
    [28_000, 1, 'refused'],
    [28_000, 2, 'ok'],
  ] as const;
  for (const [connectionCount, destinationCount, verdict] of table)
    assert.equal(find('ports', { connectionCount, destinationCount }).verdict, verdict, `${connectionCount}`);
  const tight = find('ports', { connectionCount: 20_000 });
  assert.equal(tight.fix, 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"');
  assert.equal(tight.buys, 'up to 32256 connections a destination');
  assert.match(
    tight.message,
    /beyond half of the range, which Linux gives first, each connect is slower; spread/,
  );
});

test('ports: the message names as many destinations as there are, on both sides', () => {
  for (const [destinationCount, words] of [
    [1, 'towards one destination'],
    [2, 'towards each of 2 destinations'],
    [5, 'towards each of 5 destinations'],
  ] as const) {
    const { message } = find('ports', { connectionCount: 10_000, destinationCount });
    const needed = 10_000 / destinationCount;
    assert.equal(
      message,
      `expected ${needed} local ports ${words}, found 27667 ${words}: the ephemeral ports 32768-60999, less 0 held now`,
    );
  }
});

test('ports that are held count, and where the range is wide already those in TIME_WAIT are what a command can free', () => {
  const towards = (liveCount: number) => ({
    destinations: [{ address: '127.0.0.1', port: 8000, liveCount, timeWaitCount: 0, endsInSec: [] }],
  });
  const held = makeLimits({ ports: towards(14_000) });
  assert.equal(find('ports', {}, held).verdict, 'tight');
  const wide = { lowPort: 1024, highPort: 65_535, rangeCount: 64_512, ...towards(60_000) };
  assert.equal(find('ports', {}, makeLimits({ ports: wide })).fix, 'sysctl -w net.ipv4.tcp_tw_reuse=1');
  assert.equal(find('ports', {}, makeLimits({ ports: wide, sockets: { timeWaitReuse: 1 } })).fix, null);
  assert.equal(find('ports', {}, makeLimits({ ports: { rangeCount: null } })).verdict, 'unknown');
});

test('the accept queue is never a refusal: it is tight, with the pace and whoever can lengthen it', () => {
  const backlogOne = find('accept-queue', { acceptQueue: { ours: true, queueCount: 1, backlog: 1 } });
  assert.equal(backlogOne.verdict, 'tight');
  assert.equal(backlogOne.allowed, 1);
  assert.equal(backlogOne.fix, null);
  assert.match(backlogOne.buys, /the server's own backlog of 1 binds/);
  assert.match(
    backlogOne.message,
    /wait 1 s or more without an error: connect from 2 worker\(s\) with at most 1 /,
  );

  const cut = find('accept-queue', { acceptQueue: { ours: true, queueCount: 1, backlog: 16_384 } });
  assert.equal(cut.fix, 'sysctl -w net.core.somaxconn=16384');

  const foreign = find('accept-queue', { replicaCount: 0, acceptQueue: FOREIGN_ACCEPT_QUEUE });
  assert.equal(foreign.verdict, 'tight');
  assert.equal(foreign.fix, null);
  assert.match(foreign.message, /connect from 1 worker\(s\) with at most 255 in the making/);
  const paced = { acceptQueue: FOREIGN_ACCEPT_QUEUE, workerCount: 1, maxConnecting: 255 };
  assert.match(find('accept-queue', paced).message, /the plan paces its connects.*look at the counters/);
  assert.equal(find('accept-queue', { ...paced, connectionCount: 511 }).verdict, 'ok');
});

test('memory: three quarters are ok, the last quarter is tight, and the group that binds is named', () => {
  const memory = { usableBytes: GIB, boundBy: 'cgroup', cgroupFile: '/sys/fs/cgroup/a/memory.max' } as const;
  const limits = makeLimits({ memory });
  assert.equal(find('memory', { memoryBytes: 0.75 * GIB }, limits).verdict, 'ok');
  assert.equal(find('memory', { memoryBytes: 0.8 * GIB }, limits).verdict, 'tight');
  const refused = find('memory', { memoryBytes: 1.1 * GIB }, limits);
  assert.equal(refused.verdict, 'refused');
  assert.equal(refused.fix, 'echo max > /sys/fs/cgroup/a/memory.max');
  const one = makeLimits({ memory: { ...memory, cgroupFile: '/m/memory.limit_in_bytes' } });
  assert.equal(find('memory', {}, one).fix, 'echo -1 > /m/memory.limit_in_bytes');
  assert.equal(find('memory', {}).fix, null);
});

test('cpu: more workers than cores, or less than one core, is tight, and the fix lifts what binds', () => {
  assert.equal(find('cpu', { workerCount: 9 }).verdict, 'tight');
  const quota = (quotaFile: string) => makeLimits({ cpu: { usableCores: 0.5, quotaCores: 0.5, quotaFile } });
  const half = find('cpu', { workerCount: 1 }, quota('/g/cpu.max'));
  assert.equal(half.verdict, 'tight');
  assert.equal(half.allowed, 0.5);
  assert.equal(half.fix, 'echo max > /g/cpu.max');
  assert.equal(half.buys, 'up to 8 cores instead of 0.5');
  assert.equal(find('cpu', {}, quota('/g/cpu.cfs_quota_us')).fix, 'echo -1 > /g/cpu.cfs_quota_us');
  const pinned = makeLimits({ cpu: { usableCores: 1, affinityCount: 1 } });
  assert.equal(find('cpu', {}, pinned).fix, 'taskset -cp 0-7 $$');
});

test('threads: processes cost eleven each and workers one, against the limit that binds', () => {
  const needed = find('threads', { processCount: 2, replicaCount: 2, workerCount: 6 }).needed;
  assert.equal(needed, 4 * 11 + 6);
  const table = [
    [{ boundBy: 'cgroup', pidsFile: '/g/pids.max' }, 'echo max > /g/pids.max'],
    [{ boundBy: 'user', userMaxCount: 20 }, 'ulimit -u 4096'],
    [{ boundBy: 'system', systemMaxCount: 5000 }, 'sysctl -w kernel.threads-max=8192'],
  ] as const;
  for (const [threads, fix] of table) {
    const finding = find('threads', {}, makeLimits({ threads: { ...threads, usableCount: 20 } }));
    assert.equal(finding.verdict, 'refused');
    assert.equal(finding.fix, fix);
  }
  const unknown = makeLimits({ threads: { usableCount: null, boundBy: null } });
  assert.equal(find('threads', {}, unknown).verdict, 'unknown');
});

test('a firewall table without room refuses, because it drops in silence', () => {
  const sockets = { conntrackCount: 60_000, conntrackMaxCount: 65_536 };
  const finding = find('conntrack', {}, makeLimits({ sockets }));
  assert.equal(finding.verdict, 'refused');
  assert.equal(finding.allowed, 5536);
  assert.equal(finding.fix, 'sysctl -w net.netfilter.nf_conntrack_max=131072');
});

test('a smaller plan is never judged worse, and a refusal always says what it needs above what is allowed', () => {
  const rank = { ok: 0, unknown: 0, tight: 1, refused: 2 } as const;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 0, max: 16 }),
      (a, b, destinationCount, replicaCount) => {
        const judgeAt = (connectionCount: number) =>
          checkPlan({ ...NEED, connectionCount, destinationCount, replicaCount }, makeLimits());
        const small = judgeAt(Math.min(a, b));
        const large = judgeAt(Math.max(a, b));
        for (const [index, finding] of small.entries()) {
          assert.ok(rank[finding.verdict] <= rank[large[index]?.verdict ?? 'ok'], finding.limit);
          if (finding.verdict === 'refused') assert.ok(finding.needed > (finding.allowed ?? Infinity));
        }
      },
    ),
  );
});
