// A TCP proxy on 127.0.0.1 that delays every byte by some milliseconds in each direction: it imitates a far server
// where the kernel has no netem. Runs as its own process: node benchmarks/compare/delaying-proxy.ts TARGET_PORT
// DELAY_MS

import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

interface Late {
  readonly dueAtMs: number;
  readonly to: Socket;
  /** Null for the end. */
  readonly chunk: Buffer | null;
}

const [targetPort, delayMs] = process.argv.slice(2).map(Number) as [number, number];
/** In the order they are due, for all wait as long. */
let late: Late[] = [];
let timer: NodeJS.Timeout | undefined;

const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  // A handshake of TCP takes a way and back too, before the client may send anything that arrives.
  const upstream = connect({ host: '127.0.0.1', port: targetPort, allowHalfOpen: true, noDelay: true });
  hand(client, upstream, 2 * delayMs);
  hand(upstream, client, 0);
});
server.listen(0, '127.0.0.1', 4096, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});

/** @param handshakeMs by which the first bytes are later than others */
function hand(from: Socket, to: Socket, handshakeMs: number): void {
  const openAtMs = performance.now() + handshakeMs;
  const add = (chunk: Buffer | null) => {
    const dueAtMs = Math.max(performance.now(), openAtMs) + delayMs;
    if (handshakeMs > 0 && performance.now() < openAtMs)
      setTimeout(() => deliver({ dueAtMs, to, chunk }), dueAtMs - performance.now());
    else {
      late.push({ dueAtMs, to, chunk });
      timer ??= setTimeout(release, delayMs);
    }
  };
  from.on('data', add);
  from.on('end', () => add(null));
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), 3 * delayMs));
}

function release(): void {
  const now = performance.now();
  let count = 0;
  for (const each of late) {
    if (each.dueAtMs > now) break;
    deliver(each);
    count++;
  }
  late = late.slice(count);
  const next = late[0];
  timer = next === undefined ? undefined : setTimeout(release, Math.max(1, next.dueAtMs - now));
}

function deliver({ to, chunk }: Late): void {
  if (to.destroyed) return;
  if (chunk === null) to.end();
  else to.write(chunk);
}
