// Makes sure that ports are free before any replica listens: with SO_REUSEPORT a second server of the same
// user would silently share the connections of the first.

import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { SpillwayError } from '../../model/errors.ts';
import type { PortLocks } from './port-locks.ts';

/**
 * @param firstPort the first of the ports, or 0 for any
 * @param locks takes a lock for each port, so that no other server uses it meanwhile
 * @returns `count` different ports that nobody listened on just now
 * @throws ERR_PORT_BUSY naming the address and what to do
 */
export async function findPorts(
  host: string,
  firstPort: number,
  count: number,
  locks: PortLocks,
): Promise<number[]> {
  const probes: Server[] = [];
  try {
    for (let offset = 0; offset < count; offset += 1) {
      const port = firstPort === 0 ? 0 : firstPort + offset;
      // Lock before probing: the probe of a second server would disturb the replicas of the first.
      if (port !== 0) await lock(locks, host, port);
      probes.push(await listenAlone(host, port));
    }
    const ports = probes.map((probe) => (probe.address() as { port: number }).port);
    if (firstPort === 0) for (const port of ports) await lock(locks, host, port);
    return ports;
  } finally {
    await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  }
}

async function lock(locks: PortLocks, host: string, port: number): Promise<void> {
  if (await locks.take(host, port)) return;
  throw listenError(host, port, Object.assign(new Error('another server has it'), { code: 'EADDRINUSE' }));
}

function listenAlone(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const probe = createServer((socket) => socket.destroy());
    probe.once('error', (error: NodeJS.ErrnoException) => {
      reject(listenError(host, port, error));
    });
    probe.listen({ host, port, exclusive: true }, () => {
      resolve(probe);
    });
  });
}

/** Turns the system's refusal to listen into an error that says what to do. */
export function listenError(host: string, port: number, error: NodeJS.ErrnoException): SpillwayError {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const advice: Record<string, string> = {
    EADDRINUSE: `expected ${address} to be free, found another program listening; stop it, or take another port (0: any free one)`,
    EACCES: `expected to be allowed to listen on ${address}, found no permission; take a port above 1023 (0: any free one)`,
    EADDRNOTAVAIL: `expected ${address} to be an address of this machine, found it is not; take 127.0.0.1 or one that this machine has`,
    ENOTFOUND: `expected a name or an address to listen on, found ${host} which does not resolve; take 127.0.0.1`,
  };
  const message = advice[error.code ?? ''] ?? `expected to listen on ${address}, found: ${error.message}`;
  return new SpillwayError('ERR_PORT_BUSY', message, { cause: error });
}
