// Reads the kernel's table of sockets for what holds local ports towards each destination. A port is needed once
// for each (address, port) connected to, and a port in TIME_WAIT may be usable again long before that ends.

/** What holds ephemeral ports towards one destination. Plain data. */
export interface HeldPorts {
  readonly address: string;
  readonly port: number;
  /** Ports of connections in any state but TIME_WAIT. */
  readonly liveCount: number;
  readonly timeWaitCount: number;
  /** How many of those in TIME_WAIT end within 1, 2, 3 … seconds from now. */
  readonly endsInSec: readonly number[];
}

/** Where connections go: any of `addresses`, or any address at all when they are not known. */
export interface Destination {
  readonly addresses: readonly string[] | null;
  readonly port: number;
}

/** One socket of the table. */
export interface ListedSocket {
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly isTimeWait: boolean;
  /** Time until the kernel's timer of this socket fires; in TIME_WAIT, until it ends. */
  readonly timerMs: number;
}

/** TCP_TIMEWAIT_LEN of Linux. */
export const TIME_WAIT_MS = 60_000;
/** The age at which Linux gives the port of a socket in TIME_WAIT to a new connection (`tcp_tw_reuse`). */
export const REUSE_AFTER_MS = 1_000;

/**
 * A line is `n: LOCAL:PORT REMOTE:PORT STATE QUEUES TIMER:WHEN …` in hexadecimal, WHEN in hundredths of a
 * second. State 0A is listening, which holds no port for connecting; 06 is TIME_WAIT.
 */
const SOCKET =
  /^ *\d+: [\dA-F]+:([\dA-F]{4}) ([\dA-F]+):([\dA-F]{4}) ([\dA-F]{2})(?: [\dA-F]+:[\dA-F]+ [\dA-F]{2}:([\dA-F]+))? /gm;

/** The sockets of `/proc/net/tcp` or `tcp6` whose local port is in the range, without those that listen. */
export function* listSockets(table: string, lowPort: number, highPort: number): Generator<ListedSocket> {
  for (const [, local = '', address = '', port = '', state, when = '0'] of table.matchAll(SOCKET)) {
    const localPort = Number.parseInt(local, 16);
    if (state === '0A' || localPort < lowPort || localPort > highPort) continue;
    yield {
      localPort,
      remoteAddress: readAddress(address),
      remotePort: Number.parseInt(port, 16),
      isTimeWait: state === '06',
      timerMs: Number.parseInt(when, 16) * 10,
    };
  }
}

/** Reads 32-bit words, each with its lowest byte first. An IPv4 address inside IPv6 gives that IPv4 address. */
function readAddress(hex: string): string {
  const known = addresses.get(hex);
  if (known !== undefined) return known;
  const bytes = (hex.match(/[\dA-F]{8}/gu) ?? []).flatMap((word) =>
    Array.from(Buffer.from(word, 'hex').toReversed()),
  );
  const isMapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  const address =
    bytes.length === 4 || isMapped
      ? bytes.slice(-4).join('.')
      : new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  if (addresses.size >= MAX_KNOWN_ADDRESSES) addresses.clear();
  addresses.set(hex, address);
  return address;
}

const MAX_KNOWN_ADDRESSES = 1000;
const addresses = new Map<string, string>();

/**
 * Sums by destination, the one with the most ports first. Counts each port once, as a table may list one twice.
 */
export function sumByDestination(sockets: Iterable<ListedSocket>): HeldPorts[] {
  const found = new Map<
    string,
    { address: string; port: number; live: Set<number>; ends: Map<number, number> }
  >();
  for (const { remoteAddress: address, remotePort: port, localPort, isTimeWait, timerMs } of sockets) {
    const key = `${address} ${port}`;
    let sum = found.get(key);
    if (sum === undefined) {
      sum = { address, port, live: new Set(), ends: new Map() };
      found.set(key, sum);
    }
    if (isTimeWait) sum.ends.set(localPort, timerMs);
    else sum.live.add(localPort);
  }
  return [...found.values()]
    .map(({ address, port, live, ends }) => {
      const endsInSec: number[] = [];
      for (const leftMs of ends.values()) {
        const second = Math.min(TIME_WAIT_MS / 1e3, Math.floor(leftMs / 1e3));
        while (endsInSec.length <= second) endsInSec.push(0);
        endsInSec[second] = (endsInSec[second] as number) + 1;
      }
      return { address, port, liveCount: live.size, timeWaitCount: ends.size, endsInSec };
    })
    .toSorted((a, b) => b.liveCount + b.timeWaitCount - a.liveCount - a.timeWaitCount);
}
