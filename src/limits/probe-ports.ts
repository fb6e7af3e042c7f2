// Finds out with a few connections whether this machine gives ports in TIME_WAIT to new connections. The
// setting alone does not tell, as it also depends on the destination, on timestamps of both sides, and on
// what is between them.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { type Destination, listSockets, REUSE_AFTER_MS, TIME_WAIT_MS } from './held-ports.ts';
import type { Limits } from './read.ts';

const PROBE_COUNT = 24;
const PROBE_DEADLINE_MS = 2_000;
/**
 * With a smaller share of all ports in TIME_WAIT, connections may miss them by chance, and they hardly matter.
 */
const LEAST_HELD_RATIO = 0.1;
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/**
 * The facts with the result of the probe. Connects only when much of the range is in TIME_WAIT towards
 * `destination`; sends no request, and leaves no port in TIME_WAIT.
 * @param host as `net.connect` takes it
 */
export async function measureTimeWaitReuse(
  limits: Limits,
  host: string,
  destination: Destination,
): Promise<Limits> {
  const { lowPort, highPort, rangeCount } = limits.ports;
  const held = (limits.ports.destinations ?? []).filter(
    ({ port, address }) => port === destination.port && (destination.addresses?.includes(address) ?? true),
  );
  const waitingCount = Math.max(0, ...held.map(({ timeWaitCount }) => timeWaitCount));
  if (lowPort === null || highPort === null || waitingCount < (rangeCount ?? 0) * LEAST_HELD_RATIO)
    return limits;
  const waiting = readTimeWaitPorts(destination.port, lowPort, highPort);
  const ports = await Promise.all(
    Array.from({ length: PROBE_COUNT }, () => localPortOf(host, destination.port)),
  );
  const connected = ports.filter((port) => port !== null);
  if (connected.some((port) => waiting.has(port))) return withReuse(limits, true);
  return connected.length === PROBE_COUNT && waiting.size > 0 ? withReuse(limits, false) : limits;
}

function withReuse(limits: Limits, isTimeWaitReused: boolean): Limits {
  return { ...limits, ports: { ...limits.ports, isTimeWaitReused } };
}

/** Local ports that have been in TIME_WAIT towards this port for long enough to be used again. */
function readTimeWaitPorts(remotePort: number, lowPort: number, highPort: number): Set<number> {
  const found = new Set<number>();
  for (const path of TABLES) {
    for (const socket of listSockets(read(path), lowPort, highPort)) {
      const isOld = socket.timerMs < TIME_WAIT_MS - REUSE_AFTER_MS;
      if (socket.isTimeWait && isOld && socket.remotePort === remotePort) found.add(socket.localPort);
    }
  }
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function localPortOf(host: string, port: number): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const socket = connect({ host, port, timeout: PROBE_DEADLINE_MS });
  const end = (found: number | null): void => {
    // Close with RST: a probe must not add to the ports in TIME_WAIT.
    socket.resetAndDestroy();
    resolve(found);
  };
  socket.once('connect', () => end(socket.localPort ?? null));
  socket.once('timeout', () => end(null));
  socket.once('error', () => end(null));
  return promise;
}
