import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doctorLines } from '../../src/cli/bench/doctor-text.ts';
import { countList } from '../../src/limits/cpu.ts';
import { parseBound, tighterBound } from '../../src/limits/fact-reader.ts';
import { readLimits } from '../../src/limits/read.ts';
import type { Plan } from '../../src/model/plan.ts';
import { plantTree, RUNTIME } from './fixtures.ts';

test('every spelling of "no limit" is unlimited, and what is no number is unknown', () => {
  const table = [
    ['max', 'unlimited'],
    ['unlimited\n', 'unlimited'],
    ['-1', 'unlimited'],
    ['18446744073709551616', 'unlimited'],
    ['9223372036854771712', 'unlimited'],
    ['0', 0],
    [' 4096\n', 4096],
    ['', null],
    ['12x', null],
    ['-5', null],
  ] as const;
  for (const [text, bound] of table) assert.equal(parseBound(text), bound, text);
});

test('the tighter of two bounds is the number, and unknown only where nothing is known', () => {
  assert.equal(tighterBound(3, 5), 3);
  assert.equal(tighterBound('unlimited', 5), 5);
  assert.equal(tighterBound(5, null), 5);
  assert.equal(tighterBound(null, 'unlimited'), 'unlimited');
  assert.equal(tighterBound('unlimited', null), 'unlimited');
  assert.equal(tighterBound(null, null), null);
});

test('a list of numbers and ranges is counted, and nonsense is not', () => {
  const table = [
    ['0', 1],
    ['0-3', 4],
    ['0-3,8,10-11', 7],
    ['', null],
    ['3-1', null],
    ['a', null],
  ] as const;
  for (const [list, count] of table) assert.equal(countList(list), count, list);
});

test('without /proc and cgroups the facts of Node.js stand, and each other one says why it is unknown', (t) => {
  const { unknown, ...limits } = readLimits(plantTree(t, {}));
  assert.equal(limits.cpu.usableCores, RUNTIME.availableParallelism);
  assert.match(limits.cpu.how, /os\.availableParallelism/);
  assert.equal(limits.memory.usableBytes, RUNTIME.availableMemoryBytes);
  assert.equal(limits.files.softCount, 4096);
  assert.equal(limits.files.hardCount, 8192);
  assert.equal(limits.ports.rangeCount, null);
  assert.equal(limits.sockets.somaxconnCount, null);
  assert.equal(limits.threads.usableCount, null);
  for (const fact of [
    'cpu.affinityCount',
    'cpu.quotaCores',
    'memory.cgroupLimitBytes',
    'files.inUseCount',
    'ports.lowPort',
    'ports.timeWaitCount',
    'sockets.somaxconnCount',
    'threads.pidsMaxCount',
  ]) {
    const reason = unknown.find((one) => one.fact === fact)?.reason;
    assert.match(reason ?? '', /cannot be read \(ENOENT\)/, fact);
  }
});

test('memory that Node.js cannot tell is not taken for none', (t) => {
  const { memory } = readLimits(plantTree(t, {}, { availableMemoryBytes: 0 }));
  assert.equal(memory.usableBytes, RUNTIME.totalMemoryBytes / 2);
});

test('groups that are named but not visible are unknown, not unlimited', (t) => {
  const limits = readLimits(plantTree(t, { 'proc/self/cgroup': '4:memory:/job\n3:pids:/job\n2:cpu:/job\n' }));
  assert.equal(limits.cpu.quotaCores, null);
  assert.equal(limits.memory.cgroupLimitBytes, null);
  assert.equal(limits.threads.pidsMaxCount, null);
  const facts = limits.unknown.filter(({ reason }) => reason.includes('is visible'));
  assert.equal(facts.length, 3);
});

test('open files come from the limits, the directory of descriptors and file-nr', (t) => {
  const { files } = readLimits(
    plantTree(t, {
      'proc/self/limits':
        'Limit                     Soft Limit           Hard Limit           Units     \n' +
        'Max open files            1024                 unlimited            files     \n',
      'proc/self/fd/0': '',
      'proc/self/fd/1': '',
      'proc/self/fd/2': '',
      'proc/sys/fs/file-nr': '451\t0\t9223372036854775807\n',
      'proc/sys/fs/nr_open': '1048576\n',
    }),
  );
  assert.deepEqual(files, {
    softCount: 1024,
    hardCount: 'unlimited',
    inUseCount: 2,
    ceilingCount: 1_048_576,
    systemInUseCount: 451,
    systemMaxCount: 'unlimited',
  });
});

const CONNTRACK = 'proc/sys/net/netfilter/nf_conntrack_max';
const FIREWALLS: readonly (readonly [
  what: string,
  files: Record<string, string>,
  isTracking: boolean | null,
])[] = [
  ['its settings alone are missing', { 'proc/sys/net/core/somaxconn': '4096\n' }, false],
  ['there is no /proc to ask', {}, null],
  ['it may not be read', { [`${CONNTRACK}/as-a-directory`]: '' }, null],
  [
    'it counts, and its settings are hidden',
    { 'proc/sys/net/core/somaxconn': '4096\n', 'proc/net/stat/nf_conntrack': '' },
    null,
  ],
  ['it says so', { [CONNTRACK]: '1000\n', 'proc/sys/net/netfilter/nf_conntrack_count': '990\n' }, true],
];

for (const [what, files, isTracking] of FIREWALLS) {
  const verdict = isTracking === null ? 'unknown' : isTracking ? 'read' : 'not loaded';
  test(`the firewall's table is ${verdict} where ${what}`, (t) => {
    const limits = readLimits(plantTree(t, files));
    assert.equal(limits.sockets.isTracking, isTracking);
    assert.deepEqual(
      [limits.sockets.conntrackCount, limits.sockets.conntrackMaxCount],
      isTracking === true ? [990, 1000] : [null, null],
    );
    const hasReason = limits.unknown.some(({ fact }) => fact === 'sockets.conntrackMaxCount');
    assert.equal(hasReason, isTracking === null);
    const plan = { reasons: [], floorMs: null } as unknown as Plan;
    const row = doctorLines(limits, [], plan).find((line) => line.includes('connection tracking'));
    assert.match(row ?? '', isTracking === true ? /990 of 1000/ : new RegExp(`${verdict}$`));
  });
}
