// Describes the machine and its activity around a run: load, stolen time, sockets in TIME_WAIT, lost handshakes.
// Read from /proc, so Linux only. Changes nothing, except that quietPort removes leftovers of the measured port.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** The kernel's clock tick in /proc, the same on every Linux that Node runs on. */
const TICK_US = 10_000;

export interface Machine {
  readonly cpuModel: string;
  readonly coreCount: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly settings: Readonly<Record<string, string>>;
}

export function readMachine(): Machine {
  const names = [
    'net/core/somaxconn',
    'net/ipv4/ip_local_port_range',
    'net/ipv4/tcp_tw_reuse',
    'net/ipv4/tcp_syncookies',
  ];
  return {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    coreCount: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    settings: Object.fromEntries(
      names.map((name) => [
        name.replaceAll('/', '.'),
        readText(`/proc/sys/${name}`).trim().replaceAll('\t', ' '),
      ]),
    ),
  };
}

/** Counters to take before and after a run. */
export interface Counters {
  readonly stealMs: number;
  readonly synRetransCount: number;
  readonly listenOverflowCount: number;
}

export function readCounters(): Counters {
  const steal = readText('/proc/stat').split('\n')[0]?.trim().split(/\s+/)[8] ?? '0';
  return {
    stealMs: (Number(steal) * TICK_US) / 1000,
    synRetransCount: readNetstat('TCPSynRetrans'),
    listenOverflowCount: readNetstat('ListenOverflows'),
  };
}

export function readLoadAverage1Min(): number {
  return loadavg()[0] ?? 0;
}

export function readTimeWaitCount(): number {
  return Number(/^TCP:.* tw (\d+)/m.exec(readText('/proc/net/sockstat'))?.[1] ?? 0);
}

/** User and system time so far of a process and all its descendants, in us; null when it is gone. */
export function readTreeCpuUs(pid: number): number | null {
  const parents = new Map<number, { readonly parent: number; readonly ticks: number }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // The command's name stands in brackets and may hold spaces, so fields are counted from behind it.
    const stat = readText(`/proc/${name}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 15) continue;
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    parents.set(Number(name), { parent: Number(fields[1]), ticks });
  }
  if (!parents.has(pid)) return null;
  let ticks = 0;
  for (const [id, process] of parents) {
    let ancestor: number | undefined = id;
    while (ancestor !== undefined && ancestor !== pid) ancestor = parents.get(ancestor)?.parent;
    if (ancestor === pid) ticks += process.ticks;
  }
  return ticks * TICK_US;
}

/**
 * Waits until a run's leftovers are gone: thousands of sockets in TIME_WAIT double the cost of the next connects.
 * As root those of this one port are ended at once (`ss --kill`); else they take their minute.
 * @returns how many are left on the whole machine; more than `quietCount` when the wait was given up
 */
export async function quietPort(port: number, limitMs: number, quietCount = 2000): Promise<number> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    if (readTimeWaitCount() > quietCount && process.getuid?.() === 0) {
      spawnSync('ss', ['-K', '-Htn', 'state', 'time-wait', `( sport = :${port} or dport = :${port} )`], {
        stdio: 'ignore',
      });
    }
    const leftCount = readTimeWaitCount();
    if (leftCount <= quietCount || performance.now() > deadlineMs) return leftCount;
    await sleep(250);
  }
}

function readNetstat(name: string): number {
  const lines = readText('/proc/net/netstat').split('\n');
  for (const [index, line] of lines.entries()) {
    const column = line.split(' ').indexOf(name);
    if (column !== -1) return Number(lines[index + 1]?.split(' ')[column] ?? 0);
  }
  return 0;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
