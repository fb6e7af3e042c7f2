import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLimits } from '../../src/limits/read.ts';
import { GIB, plantTree } from './fixtures.ts';

const MEMINFO = `MemTotal:       ${16 * 2 ** 20} kB\nMemFree:  1000 kB\nMemAvailable:   ${12 * 2 ** 20} kB\n`;
const MACHINE = {
  'proc/meminfo': MEMINFO,
  'proc/self/status': 'Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,6-7\n',
};
const V2 = { ...MACHINE, 'proc/self/cgroup': '0::/user.slice/app.service\n' };
const V1 = {
  ...MACHINE,
  'proc/self/cgroup': '9:name=systemd:/\n5:pids:/job\n4:memory:/job/part\n1:cpu,cpuacct:/job\n0::/\n',
};

test('a version 2 CPU quota of half a core is half a usable core', (t) => {
  const { cpu } = readLimits(
    plantTree(t, { ...V2, 'cgroup/user.slice/app.service/cpu.max': '50000 100000\n' }),
  );
  assert.equal(cpu.quotaCores, 0.5);
  assert.equal(cpu.usableCores, 0.5);
  assert.match(cpu.how, /a quota of 0\.5 by .*app\.service\/cpu\.max, below 6 in the affinity mask/);
});

test('the tightest CPU quota of all groups above binds, not the own one', (t) => {
  const { cpu } = readLimits(
    plantTree(t, {
      ...V2,
      'cgroup/user.slice/app.service/cpu.max': '400000 100000\n',
      'cgroup/user.slice/cpu.max': '150000 100000\n',
      'cgroup/cpu.max': 'max 100000\n',
    }),
  );
  assert.equal(cpu.quotaCores, 1.5);
  assert.match(cpu.quotaFile ?? '', /user\.slice\/cpu\.max$/);
});

test('a quota of max, or one above the affinity mask, leaves the mask to bind', (t) => {
  for (const quota of ['max 100000', '900000 100000']) {
    const { cpu } = readLimits(plantTree(t, { ...V2, 'cgroup/user.slice/app.service/cpu.max': quota }));
    assert.equal(cpu.usableCores, 6);
    assert.equal(cpu.affinityCount, 6);
    assert.equal(cpu.how, '6 in the affinity mask');
  }
});

test('a version 1 CPU quota is found under the joined name of its controllers', (t) => {
  const { cpu } = readLimits(
    plantTree(t, {
      ...V1,
      'cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
      'cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      'cgroup/cpu,cpuacct/job/cpu.cfs_quota_us': '75000\n',
      'cgroup/cpu,cpuacct/job/cpu.cfs_period_us': '50000\n',
    }),
  );
  assert.equal(cpu.usableCores, 1.5);
});

test('a mount that shows only a part of the hierarchy, as containers have it, is followed', (t) => {
  const roots = plantTree(t, {
    ...MACHINE,
    'proc/self/cgroup': '1:cpu:/docker/abc/inner\n',
    'proc/self/mountinfo':
      '30 23 0:27 / /sys rw - sysfs sysfs rw\n' +
      '31 30 0:28 /docker/abc /sys/fs/cgroup/c\\040pu ro,nosuid - cgroup cgroup rw,cpu,cpuacct\n',
    'cgroup/c pu/cpu.cfs_quota_us': '200000\n',
    'cgroup/c pu/cpu.cfs_period_us': '100000\n',
    'cgroup/c pu/inner/cpu.cfs_quota_us': '25000\n',
    'cgroup/c pu/inner/cpu.cfs_period_us': '100000\n',
  });
  assert.equal(readLimits(roots).cpu.usableCores, 0.25);
});

test('a group outside the name space of the process is looked for at the mount point alone', (t) => {
  const roots = plantTree(t, {
    ...MACHINE,
    'proc/self/cgroup': '0::/../other\n',
    'cgroup/cpu.max': '100000 100000\n',
    'other/cpu.max': '10000 100000\n',
  });
  assert.equal(readLimits(roots).cpu.usableCores, 1);
});

test('when both versions are mounted the tighter of the two binds', (t) => {
  const roots = plantTree(t, {
    ...MACHINE,
    'proc/self/cgroup': '1:cpu:/a\n0::/b\n',
    'cgroup/cpu/a/cpu.cfs_quota_us': '300000\n',
    'cgroup/cpu/a/cpu.cfs_period_us': '100000\n',
    'proc/self/mountinfo':
      '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n',
    'cgroup/unified/b/cpu.max': '250000 100000\n',
  });
  assert.equal(readLimits(roots).cpu.usableCores, 2.5);
});

test('a version 2 memory limit leaves what is used without the file cache', (t) => {
  const { memory } = readLimits(
    plantTree(t, {
      ...V2,
      'cgroup/user.slice/app.service/memory.max': `${4 * GIB}\n`,
      'cgroup/user.slice/app.service/memory.high': 'max\n',
      'cgroup/user.slice/app.service/memory.current': `${3 * GIB}\n`,
      'cgroup/user.slice/app.service/memory.stat': `anon ${2 * GIB}\ninactive_file ${GIB}\nactive_file 7\n`,
    }),
  );
  assert.equal(memory.cgroupLimitBytes, 4 * GIB);
  assert.equal(memory.cgroupUsedBytes, 2 * GIB);
  assert.equal(memory.usableBytes, 2 * GIB);
  assert.equal(memory.boundBy, 'cgroup');
});

test('the group that leaves least binds, even when its limit is the larger one', (t) => {
  const { memory } = readLimits(
    plantTree(t, {
      ...V2,
      'cgroup/user.slice/app.service/memory.max': `${4 * GIB}\n`,
      'cgroup/user.slice/app.service/memory.current': '0\n',
      'cgroup/user.slice/memory.high': `${8 * GIB}\n`,
      'cgroup/user.slice/memory.max': 'max\n',
      'cgroup/user.slice/memory.current': `${7 * GIB}\n`,
    }),
  );
  assert.equal(memory.usableBytes, GIB);
  assert.match(memory.cgroupFile ?? '', /user\.slice\/memory\.high$/);
});

test('a version 1 memory limit next to 2^63 is none, and a hidden one above shows in memory.stat', (t) => {
  const directory = 'cgroup/memory/job/part';
  const open = plantTree(t, {
    ...V1,
    [`${directory}/memory.limit_in_bytes`]: '9223372036854771712\n',
    [`${directory}/memory.usage_in_bytes`]: `${GIB}\n`,
    [`${directory}/memory.stat`]: 'total_inactive_file 0\nhierarchical_memory_limit 9223372036854771712\n',
  });
  assert.equal(readLimits(open).memory.cgroupLimitBytes, 'unlimited');
  assert.equal(readLimits(open).memory.usableBytes, 12 * GIB);
  assert.equal(readLimits(open).memory.boundBy, 'machine');

  const hidden = plantTree(t, {
    ...V1,
    [`${directory}/memory.limit_in_bytes`]: '9223372036854771712\n',
    [`${directory}/memory.usage_in_bytes`]: `${GIB}\n`,
    [`${directory}/memory.stat`]: `total_inactive_file ${GIB / 2}\nhierarchical_memory_limit ${2 * GIB}\n`,
  });
  assert.equal(readLimits(hidden).memory.usableBytes, 1.5 * GIB);
});

test('what Node.js calls constrained binds only where no group file could be read, and 2^64 never', (t) => {
  const only = { 'proc/meminfo': MEMINFO };
  const constrained = readLimits(plantTree(t, only, { constrainedMemoryBytes: GIB })).memory;
  assert.equal(constrained.constrainedBytes, GIB);
  assert.equal(constrained.usableBytes, GIB - 50 * 2 ** 20);
  assert.equal(constrained.boundBy, 'process');
  for (const constrainedMemoryBytes of [0, 2 ** 64, 32 * GIB]) {
    const { memory } = readLimits(plantTree(t, only, { constrainedMemoryBytes }));
    assert.equal(memory.constrainedBytes, 'unlimited');
    assert.equal(memory.usableBytes, 12 * GIB);
  }
});

test('pids that a group leaves are what may still start, the tightest group first', (t) => {
  const { threads } = readLimits(
    plantTree(t, {
      ...V2,
      'proc/sys/kernel/threads-max': '200000\n',
      'proc/loadavg': '0.14 0.08 0.05 1/1000 5570\n',
      'proc/self/limits': 'Max processes             unlimited            unlimited            processes \n',
      'cgroup/user.slice/app.service/pids.max': '500\n',
      'cgroup/user.slice/app.service/pids.current': '100\n',
      'cgroup/user.slice/pids.max': '300\n',
      'cgroup/user.slice/pids.current': '120\n',
    }),
  );
  assert.equal(threads.pidsMaxCount, 300);
  assert.equal(threads.usableCount, 180);
  assert.equal(threads.boundBy, 'cgroup');
  assert.equal(threads.systemInUseCount, 1000);
  assert.equal(threads.userMaxCount, 'unlimited');
});

test("the user's limit of threads binds everybody but root", (t) => {
  const files = {
    ...V2,
    'cgroup/user.slice/app.service/pids.max': 'max\n',
    'proc/sys/kernel/threads-max': '200000\n',
    'proc/loadavg': '0 0 0 1/1000 5570\n',
    'proc/self/limits': 'Max processes             700                  900                  processes \n',
  };
  assert.deepEqual(
    [readLimits(plantTree(t, files)).threads, readLimits(plantTree(t, files, { isRoot: true })).threads].map(
      ({ boundBy, usableCount }) => [boundBy, usableCount],
    ),
    [
      ['user', 700],
      ['system', 199_000],
    ],
  );
});
