// Ephemeral ports: the local ports that outgoing connections get, and those in use now. A port is needed once
// for each (destination address, destination port), so the destination with the most of them sets the limit.
import { countList } from './cpu.ts';
import type { FactReader } from './fact-reader.ts';
import { type HeldPorts, listSockets, sumByDestination } from './held-ports.ts';

export interface PortFacts {
  readonly lowPort: number | null;
  readonly highPort: number | null;
  /** Ports of the range that ip_local_reserved_ports reserves. */
  readonly reservedCount: number | null;
  /** Ports of the range without the reserved ones. */
  readonly rangeCount: number | null;
  /** Sockets in TIME_WAIT in this network name space, whatever their port. */
  readonly timeWaitCount: number | null;
  /** Different ports of the range held by connections in any state, TIME_WAIT included. */
  readonly heldCount: number | null;
  /** Ports of the range held towards the destination that has the most. */
  readonly heldByOneDestinationCount: number | null;
  /** What holds ports towards each destination, the busiest first; null when the table was not read. */
  readonly destinations: readonly HeldPorts[] | null;
  /** Whether new connections were seen to get ports in TIME_WAIT; null when not measured. */
  readonly isTimeWaitReused: boolean | null;
}

/** The socket tables are read only up to this many sockets; 18,000 lines took 75 ms (Node.js 26, 2 cores). */
const MAX_LISTED_SOCKETS_COUNT = 60_000;
/** How many destinations are kept; those with fewer ports held do not matter. */
const MAX_DESTINATIONS_COUNT = 32;

export function readPorts(reader: FactReader): PortFacts {
  const ip = `${reader.proc}/sys/net/ipv4`;
  const range = reader.text('ports.lowPort', `${ip}/ip_local_port_range`)?.trim().split(/\s+/).map(Number);
  const [lowPort = null, highPort = null] = range ?? [];
  const reserved = reader.text('ports.reservedCount', `${ip}/ip_local_reserved_ports`);
  const reservedCount =
    reserved === null || lowPort === null || highPort === null
      ? null
      : countReserved(reserved, lowPort, highPort);
  const totals = readSocketTotals(reader);
  const held = lowPort === null || highPort === null ? null : readHeld(reader, lowPort, highPort, totals);
  return {
    lowPort,
    highPort,
    reservedCount,
    rangeCount:
      lowPort === null || highPort === null
        ? null
        : Math.max(0, highPort - lowPort + 1 - (reservedCount ?? 0)),
    timeWaitCount: totals?.timeWaitCount ?? null,
    heldCount: held?.portCount ?? null,
    heldByOneDestinationCount: held === null ? null : portsOf(held.destinations[0]),
    destinations: held === null ? null : held.destinations.slice(0, MAX_DESTINATIONS_COUNT),
    isTimeWaitReused: null,
  };
}

function countReserved(list: string, lowPort: number, highPort: number): number {
  let count = 0;
  for (const part of list.trim().split(',')) {
    const [, low, high = low] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (low === undefined || high === undefined) continue;
    const inside = `${Math.max(Number(low), lowPort)}-${Math.min(Number(high), highPort)}`;
    count += countList(inside) ?? 0;
  }
  return count;
}

interface SocketTotals {
  /** Sockets without those in TIME_WAIT. */
  readonly v4Count: number;
  readonly v6Count: number;
  readonly timeWaitCount: number;
}

function readSocketTotals(reader: FactReader): SocketTotals | null {
  const text = reader.text('ports.timeWaitCount', `${reader.proc}/net/sockstat`);
  const line = text === null ? null : /^TCP: inuse (\d+) orphan \d+ tw (\d+)/m.exec(text);
  if (line === null) return null;
  const six = /^TCP6: inuse (\d+)/m.exec(reader.peek(`${reader.proc}/net/sockstat6`) ?? '')?.[1];
  return { v4Count: Number(line[1]), v6Count: Number(six ?? 0), timeWaitCount: Number(line[2]) };
}

interface Held {
  readonly portCount: number;
  readonly destinations: readonly HeldPorts[];
}

function portsOf(destination: HeldPorts | undefined): number {
  return destination === undefined ? 0 : destination.liveCount + destination.timeWaitCount;
}

function readHeld(
  reader: FactReader,
  lowPort: number,
  highPort: number,
  totals: SocketTotals | null,
): Held | null {
  const fact = 'ports.heldCount';
  const { v4Count, v6Count, timeWaitCount } = totals ?? { v4Count: 1, v6Count: 1, timeWaitCount: 0 };
  const socketCount = v4Count + v6Count + timeWaitCount;
  if (socketCount > MAX_LISTED_SOCKETS_COUNT)
    return reader.missing(fact, `${socketCount} sockets are too many to list`);
  // Skip an empty table, which also costs 4 ms: the kernel walks its whole hash table for it.
  const text = v4Count + timeWaitCount === 0 ? '' : reader.text(fact, `${reader.proc}/net/tcp`);
  const text6 = v6Count + timeWaitCount === 0 ? '' : reader.peek(`${reader.proc}/net/tcp6`);
  if (text === null) return null;
  const sockets = [text, text6 ?? ''].flatMap((table) => Array.from(listSockets(table, lowPort, highPort)));
  return {
    portCount: new Set(sockets.map(({ localPort }) => localPort)).size,
    destinations: sumByDestination(sockets),
  };
}
