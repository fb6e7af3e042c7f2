// How much CPU this process may use: its affinity, which includes cpusets, and the quotas of its control
// groups. `os.availableParallelism()` alone is not enough: it ignores version 1 quotas and rounds version 2
// ones to whole cores.
import { findCgroupLevels } from './cgroup.ts';
import type { Bound, FactReader } from './fact-reader.ts';

export interface CpuFacts {
  /** Cores of the machine, whether or not this process may use them. */
  readonly machineCoreCount: number;
  /** Cores in the affinity mask of this process. */
  readonly affinityCount: number | null;
  /** The tightest CPU quota, in cores: 0.5 is half a core. */
  readonly quotaCores: Bound;
  /** The file that holds the tightest quota. */
  readonly quotaFile: string | null;
  readonly availableParallelism: number;
  /** The smallest of the above; may be a fraction, never 0. */
  readonly usableCores: number;
  /** How `usableCores` was found, as text. */
  readonly how: string;
}

export function readCpu(reader: FactReader): CpuFacts {
  const { availableParallelism, machineCoreCount } = reader.runtime;
  const status = reader.text('cpu.affinityCount', `${reader.proc}/self/status`);
  const list = status === null ? undefined : /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  const affinityCount = list === undefined ? null : countList(list);
  if (status !== null && affinityCount === null)
    reader.missing('cpu.affinityCount', 'no list of allowed cores');
  const { quotaCores, quotaFile } = readQuota(reader);
  const cores = affinityCount ?? availableParallelism;
  const coresHow =
    affinityCount === null
      ? `${availableParallelism} by os.availableParallelism()`
      : `${affinityCount} in the affinity mask`;
  const quotaBinds = typeof quotaCores === 'number' && quotaCores < cores;
  return {
    machineCoreCount,
    affinityCount,
    quotaCores,
    quotaFile,
    availableParallelism,
    usableCores: quotaBinds ? quotaCores : cores,
    how: quotaBinds ? `a quota of ${quotaCores} by ${quotaFile}, below ${coresHow}` : coresHow,
  };
}

/** How many numbers a list such as `0-3,8,10-11` contains; null when it is no such list. */
export function countList(list: string): number | null {
  let count = 0;
  for (const part of list.split(',')) {
    const [, low, high = low] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (low === undefined || Number(high) < Number(low)) return null;
    count += Number(high) - Number(low) + 1;
  }
  return count;
}

function readQuota(reader: FactReader): { quotaCores: Bound; quotaFile: string | null } {
  const levels = findCgroupLevels(reader, 'cpu', 'cpu.quotaCores');
  if (levels === null) return { quotaCores: null, quotaFile: null };
  let quotaCores: number | 'unlimited' = 'unlimited';
  let quotaFile: string | null = null;
  for (const { version, directory } of levels) {
    const file = version === 2 ? `${directory}/cpu.max` : `${directory}/cpu.cfs_quota_us`;
    const period = version === 2 ? '' : (reader.peek(`${directory}/cpu.cfs_period_us`) ?? '');
    // Version 2 has "quota period" in one line. "max" and -1 are no number above 0, so they set no limit.
    const [quotaUs, periodUs] = `${reader.peek(file) ?? ''} ${period}`.trim().split(/\s+/).map(Number);
    if (quotaUs === undefined || periodUs === undefined || !(quotaUs > 0) || !(periodUs > 0)) continue;
    const cores = quotaUs / periodUs;
    if (quotaCores !== 'unlimited' && cores >= quotaCores) continue;
    quotaCores = cores;
    quotaFile = file;
  }
  return { quotaCores, quotaFile };
}
