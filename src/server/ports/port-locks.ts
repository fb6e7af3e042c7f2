// Reserves a port for one server, from before it is probed until the server is closed. A probe alone leaves
// gaps in which no replica listens (before the first, or while a dead one is replaced), and with SO_REUSEPORT
// a second server of the same user that starts in such a gap would silently share the connections of the
// first.

import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';

export class PortLocks {
  readonly #held: Server[] = [];

  /**
   * Takes the lock: a socket in Linux's abstract name space, which belongs to the network name space as ports
   * do, and which ends with the process. Other systems have no such lock and rely on the probe.
   * @returns false when another server has the port
   */
  async take(host: string, port: number): Promise<boolean> {
    if (process.platform !== 'linux') return true;
    const address = await lookup(host).then(
      (found) => found.address,
      () => host,
    );
    const lock = createServer((socket) => socket.destroy());
    const isTaken = await new Promise<boolean>((resolve) => {
      lock.once('error', () => resolve(false));
      lock.listen({ path: `\0spillway-server-${address}-${port}`, exclusive: true }, () => resolve(true));
    });
    if (isTaken) this.#held.push(lock.unref());
    return isTaken;
  }

  /** Frees all locks. Call it when the last replica is gone. */
  async release(): Promise<void> {
    await Promise.all(this.#held.splice(0).map((lock) => new Promise((resolve) => lock.close(resolve))));
  }
}
