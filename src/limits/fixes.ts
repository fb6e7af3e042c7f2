// The one command that raises each limit on Linux, and what that gains. Pure: the commands are shown, never run.
import type { Bound } from './fact-reader.ts';
import type { Limits } from './read.ts';

export interface Fix {
  readonly fix: string | null;
  readonly buys: string;
}

/** A power of two that covers what is needed and is above the current value: a fix never lowers a limit. */
export function raisedLimit(neededCount: number, nowCount: Bound): number {
  const floor = typeof nowCount === 'number' ? nowCount + 1 : 1;
  return 2 ** Math.ceil(Math.log2(Math.max(1, neededCount, floor)));
}

const WIDE_LOW_PORT = 1024;
const WIDE_HIGH_PORT = 65_535;

export function filesFix(limits: Limits, neededCount: number, reservedCount: number): Fix {
  const { softCount, ceilingCount } = limits.files;
  if (softCount === 'unlimited') return { fix: null, buys: 'nothing: open files are not limited' };
  const targetCount = raisedLimit(Math.max(65_536, neededCount + reservedCount), softCount);
  const buys = `up to ${targetCount - reservedCount} connections a process`;
  // Nobody, root included, may set a limit above fs.nr_open, so raise that first.
  if (typeof ceilingCount === 'number' && targetCount > ceilingCount)
    return { fix: `sysctl -w fs.nr_open=${targetCount}`, buys: `${buys}, after ulimit -n ${targetCount}` };
  return { fix: `ulimit -n ${targetCount}`, buys };
}

export function portsFix(limits: Limits): Fix {
  const { lowPort, highPort, reservedCount, rangeCount } = limits.ports;
  const wideCount = WIDE_HIGH_PORT - WIDE_LOW_PORT + 1 - (reservedCount ?? 0);
  if (lowPort === null || highPort === null || (rangeCount ?? 0) < wideCount * 0.95)
    return {
      fix: `sysctl -w net.ipv4.ip_local_port_range="${WIDE_LOW_PORT} ${WIDE_HIGH_PORT}"`,
      buys: `up to ${Math.floor(wideCount / 2)} connections a destination`,
    };
  if (limits.sockets.timeWaitReuse !== 1)
    return {
      fix: 'sysctl -w net.ipv4.tcp_tw_reuse=1',
      buys: 'ports in TIME_WAIT that can be used again after a second',
    };
  return { fix: null, buys: 'nothing by a command: the range is as wide as it gets' };
}

export function memoryFix(limits: Limits): Fix {
  const { cgroupFile, boundBy } = limits.memory;
  if (boundBy !== 'cgroup' || cgroupFile === null)
    return { fix: null, buys: 'nothing by a command: the memory is not there' };
  const word = cgroupFile.endsWith('.limit_in_bytes') ? '-1' : 'max';
  return { fix: `echo ${word} > ${cgroupFile}`, buys: 'what the next group above, or the machine, has left' };
}

export function cpuFix(limits: Limits): Fix {
  const { quotaCores, quotaFile, affinityCount, machineCoreCount, usableCores } = limits.cpu;
  if (typeof quotaCores === 'number' && quotaCores === usableCores && quotaFile !== null) {
    const word = quotaFile.endsWith('.cfs_quota_us') ? '-1' : 'max';
    return {
      fix: `echo ${word} > ${quotaFile}`,
      buys: `up to ${affinityCount ?? machineCoreCount} cores instead of ${usableCores}`,
    };
  }
  if (affinityCount !== null && affinityCount < machineCoreCount)
    return {
      fix: `taskset -cp 0-${machineCoreCount - 1} $$`,
      buys: `up to ${machineCoreCount} cores instead of ${affinityCount}`,
    };
  return { fix: null, buys: 'nothing by a command: every core of the machine may be used' };
}

export function threadsFix(limits: Limits, neededCount: number): Fix {
  const { boundBy, pidsFile, userMaxCount, systemMaxCount } = limits.threads;
  const targetCount = raisedLimit(
    Math.max(4096, neededCount * 2),
    boundBy === 'user' ? userMaxCount : systemMaxCount,
  );
  const buys = `up to ${targetCount} threads`;
  if (boundBy === 'cgroup')
    return { fix: `echo max > ${pidsFile}`, buys: 'what the next group above, or the system, allows' };
  if (boundBy === 'user') return { fix: `ulimit -u ${targetCount}`, buys };
  if (boundBy === 'system') return { fix: `sysctl -w kernel.threads-max=${targetCount}`, buys };
  return { fix: null, buys: 'nothing known: no limit of threads can be read here' };
}
