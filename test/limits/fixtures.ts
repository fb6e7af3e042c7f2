// Trees of /proc and /sys/fs/cgroup written to a directory of their own, and facts of a machine that does not exist.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LimitRoots, RuntimeFacts } from '../../src/limits/fact-reader.ts';
import type { Limits } from '../../src/limits/read.ts';

export const GIB = 2 ** 30;

export const RUNTIME: RuntimeFacts = {
  availableParallelism: 8,
  machineCoreCount: 8,
  totalMemoryBytes: 16 * GIB,
  availableMemoryBytes: 12 * GIB,
  constrainedMemoryBytes: 2 ** 64,
  residentBytes: 50 * 2 ** 20,
  isRoot: false,
  readOpenFiles: () => ({ soft: 4096, hard: 8192 }),
};

/** Writes files below `proc/` and `cgroup/` of a fresh directory, which is removed after the test. */
export function plantTree(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  runtime: Partial<RuntimeFacts> = {},
): LimitRoots & { readonly proc: string; readonly cgroup: string } {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-limits-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return {
    proc: join(directory, 'proc'),
    cgroup: join(directory, 'cgroup'),
    runtime: { ...RUNTIME, ...runtime },
  };
}

type Overrides = { readonly [Part in keyof Limits]?: Partial<Limits[Part]> };

/** A machine with 8 cores, 12 GiB free and the defaults of a Linux distribution, but for what a test sets. */
export function makeLimits(overrides: Overrides = {}): Limits {
  return {
    cpu: {
      machineCoreCount: 8,
      affinityCount: 8,
      quotaCores: 'unlimited',
      quotaFile: null,
      availableParallelism: 8,
      usableCores: 8,
      how: '8 in the affinity mask',
      ...overrides.cpu,
    },
    memory: {
      totalBytes: 16 * GIB,
      availableBytes: 12 * GIB,
      cgroupLimitBytes: 'unlimited',
      cgroupUsedBytes: null,
      cgroupFile: null,
      constrainedBytes: 'unlimited',
      usableBytes: 12 * GIB,
      boundBy: 'machine',
      ...overrides.memory,
    },
    files: {
      softCount: 20_000,
      hardCount: 20_000,
      inUseCount: 22,
      ceilingCount: 1_048_576,
      systemInUseCount: 500,
      systemMaxCount: 2_000_000,
      ...overrides.files,
    },
    ports: {
      lowPort: 32_768,
      highPort: 60_999,
      reservedCount: 0,
      rangeCount: 28_232,
      timeWaitCount: 0,
      heldCount: 0,
      heldByOneDestinationCount: 0,
      destinations: [],
      isTimeWaitReused: null,
      ...overrides.ports,
    },
    sockets: {
      somaxconnCount: 4096,
      maxSynBacklogCount: 2048,
      syncookies: 1,
      abortOnOverflow: 0,
      timeWaitReuse: 2,
      isTracking: false,
      conntrackCount: null,
      conntrackMaxCount: null,
      ...overrides.sockets,
    },
    threads: {
      pidsMaxCount: 'unlimited',
      pidsInUseCount: null,
      pidsFile: null,
      userMaxCount: 96_365,
      systemMaxCount: 192_730,
      systemInUseCount: 119,
      usableCount: 96_365,
      boundBy: 'user',
      ...overrides.threads,
    },
    unknown: [],
  };
}
