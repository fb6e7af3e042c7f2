// How many more threads and processes may start: limits of the control groups (pids), the user and the system.
import { findCgroupLevels } from './cgroup.ts';
import type { Bound, FactReader } from './fact-reader.ts';
import { parseBound } from './fact-reader.ts';
import { readRlimitLine } from './files.ts';

export interface ThreadFacts {
  /** The control group limit that leaves the least. */
  readonly pidsMaxCount: Bound;
  readonly pidsInUseCount: number | null;
  readonly pidsFile: string | null;
  /** RLIMIT_NPROC: threads of this user over all its processes; does not apply to root. */
  readonly userMaxCount: Bound;
  readonly systemMaxCount: number | null;
  readonly systemInUseCount: number | null;
  /** The smallest of what is left. For the user's limit, whose use cannot be read, the whole limit. */
  readonly usableCount: number | null;
  readonly boundBy: 'cgroup' | 'user' | 'system' | null;
}

export function readThreads(reader: FactReader): ThreadFacts {
  const pids = readPids(reader);
  const user = readRlimitLine(reader, 'Max processes');
  const userMaxCount =
    user === null ? reader.missing('threads.userMaxCount', '/proc/self/limits does not name it') : user.soft;
  const systemMaxCount = reader.number('threads.systemMaxCount', `${reader.proc}/sys/kernel/threads-max`);
  // The fourth field of loadavg is "running/all" threads of the system.
  const load = reader.text('threads.systemInUseCount', `${reader.proc}/loadavg`);
  const all = load === null ? undefined : /^\S+ \S+ \S+ \d+\/(\d+)/.exec(load)?.[1];
  const systemInUseCount = all === undefined ? null : Number(all);

  const rooms: [ThreadFacts['boundBy'], number][] = [];
  if (typeof pids.maxCount === 'number')
    rooms.push(['cgroup', Math.max(0, pids.maxCount - (pids.inUseCount ?? 0))]);
  if (typeof userMaxCount === 'number' && !reader.runtime.isRoot) rooms.push(['user', userMaxCount]);
  if (systemMaxCount !== null) rooms.push(['system', Math.max(0, systemMaxCount - (systemInUseCount ?? 0))]);
  const [boundBy, usableCount] = rooms.toSorted(([, a], [, b]) => a - b)[0] ?? [null, null];
  return {
    pidsMaxCount: pids.maxCount,
    pidsInUseCount: pids.inUseCount,
    pidsFile: pids.file,
    userMaxCount,
    systemMaxCount,
    systemInUseCount,
    usableCount,
    boundBy,
  };
}

interface Pids {
  readonly maxCount: Bound;
  readonly inUseCount: number | null;
  readonly file: string | null;
}

function readPids(reader: FactReader): Pids {
  const levels = findCgroupLevels(reader, 'pids', 'threads.pidsMaxCount');
  if (levels === null) return { maxCount: null, inUseCount: null, file: null };
  let tightest: Pids = { maxCount: 'unlimited', inUseCount: null, file: null };
  let leastFreeCount = Number.POSITIVE_INFINITY;
  for (const { directory } of levels) {
    const file = `${directory}/pids.max`;
    const maxCount = parseBound(reader.peek(file) ?? '');
    if (typeof maxCount !== 'number') continue;
    const inUse = parseBound(reader.peek(`${directory}/pids.current`) ?? '');
    const inUseCount = typeof inUse === 'number' ? inUse : null;
    const freeCount = maxCount - (inUseCount ?? 0);
    if (freeCount >= leastFreeCount) continue;
    leastFreeCount = freeCount;
    tightest = { maxCount, inUseCount, file };
  }
  return tightest;
}
