// How much more memory the run may take: what the machine has left, and what the control groups allow.
import { findCgroupLevels } from './cgroup.ts';
import type { CgroupLevel } from './cgroup.ts';
import type { Bound, FactReader } from './fact-reader.ts';
import { parseBound, tighterBound } from './fact-reader.ts';

export interface MemoryFacts {
  readonly totalBytes: number;
  /** What the machine can give without swapping. */
  readonly availableBytes: number;
  /** The control group limit that leaves the least, over all levels and both versions. */
  readonly cgroupLimitBytes: Bound;
  /** Memory in use under that limit, without the file cache, which the kernel frees when needed. */
  readonly cgroupUsedBytes: number | null;
  /** The file that holds that limit. */
  readonly cgroupFile: string | null;
  /** `process.constrainedMemory()`, when it is a limit. */
  readonly constrainedBytes: Bound;
  /** What may still be taken: the smallest of what the three leave. */
  readonly usableBytes: number;
  readonly boundBy: 'machine' | 'cgroup' | 'process';
}

export function readMemory(reader: FactReader): MemoryFacts {
  const { runtime } = reader;
  const info = reader.text('memory.availableBytes', `${reader.proc}/meminfo`) ?? '';
  const totalBytes = kibibytes(info, 'MemTotal') ?? runtime.totalMemoryBytes;
  const availableBytes = kibibytes(info, 'MemAvailable') ?? availableByRuntime(reader, totalBytes);
  const group = readGroup(reader, totalBytes);
  const constrained = runtime.constrainedMemoryBytes;
  const constrainedBytes = constrained > 0 && constrained < totalBytes ? constrained : 'unlimited';

  let usableBytes = availableBytes;
  let boundBy: MemoryFacts['boundBy'] = 'machine';
  if (group.leftBytes !== null && group.leftBytes < usableBytes) {
    usableBytes = group.leftBytes;
    boundBy = 'cgroup';
  }
  // Node.js reads only its own group and subtracts only its own share: used only when no group file could be read.
  if (constrainedBytes !== 'unlimited' && group.leftBytes === null) {
    const leftBytes = Math.max(0, constrainedBytes - runtime.residentBytes);
    if (leftBytes < usableBytes) {
      usableBytes = leftBytes;
      boundBy = 'process';
    }
  }
  return {
    totalBytes,
    availableBytes,
    cgroupLimitBytes: group.limitBytes,
    cgroupUsedBytes: group.usedBytes,
    cgroupFile: group.file,
    constrainedBytes,
    usableBytes,
    boundBy,
  };
}

/** Node.js says 0 when it cannot tell, as without /proc: half of the machine is then assumed to be free. */
function availableByRuntime({ runtime }: FactReader, totalBytes: number): number {
  return runtime.availableMemoryBytes > 0 ? runtime.availableMemoryBytes : Math.floor(totalBytes / 2);
}

interface Group {
  readonly limitBytes: Bound;
  readonly usedBytes: number | null;
  readonly leftBytes: number | null;
  readonly file: string | null;
}

function readGroup(reader: FactReader, totalBytes: number): Group {
  const levels = findCgroupLevels(reader, 'memory', 'memory.cgroupLimitBytes');
  const none: Group = { limitBytes: 'unlimited', usedBytes: null, leftBytes: null, file: null };
  if (levels === null) return { ...none, limitBytes: null };
  let tightest = none;
  for (const level of levels) {
    const group = readLevel(reader, level);
    // A limit above the machine's memory is no limit.
    if (typeof group.limitBytes !== 'number' || group.limitBytes > totalBytes || group.leftBytes === null)
      continue;
    if (tightest.leftBytes === null || group.leftBytes < tightest.leftBytes) tightest = group;
  }
  return tightest;
}

function readLevel(reader: FactReader, { version, directory }: CgroupLevel): Group {
  const stat = reader.peek(`${directory}/memory.stat`) ?? '';
  const bound = (name: string): Bound => parseBound(reader.peek(`${directory}/${name}`) ?? '');
  let file = version === 2 ? 'memory.max' : 'memory.limit_in_bytes';
  let limitBytes = bound(file);
  if (version === 2) {
    // Above memory.high the kernel slows the group down to make it free memory, so it is a limit too.
    const highBytes = bound('memory.high');
    if (typeof highBytes === 'number' && tighterBound(highBytes, limitBytes) === highBytes) {
      limitBytes = highBytes;
      file = 'memory.high';
    }
  } else {
    // Includes the limit of groups above that cannot be seen from inside a container.
    limitBytes = tighterBound(limitBytes, field(stat, 'hierarchical_memory_limit'));
  }
  const usage = bound(version === 2 ? 'memory.current' : 'memory.usage_in_bytes');
  const cacheBytes = field(stat, version === 2 ? 'inactive_file' : 'total_inactive_file');
  const usedBytes =
    typeof usage === 'number' ? Math.max(0, usage - (typeof cacheBytes === 'number' ? cacheBytes : 0)) : null;
  const leftBytes = typeof limitBytes === 'number' ? Math.max(0, limitBytes - (usedBytes ?? 0)) : null;
  return { limitBytes, usedBytes, leftBytes, file: `${directory}/${file}` };
}

function field(stat: string, name: string): Bound {
  return parseBound(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? '');
}

function kibibytes(info: string, name: string): number | null {
  const value = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(info)?.[1];
  return value === undefined ? null : Number(value) * 1024;
}
