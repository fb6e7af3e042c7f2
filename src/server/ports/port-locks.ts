// Keeps a port for one server from before it is probed until the server is closed. A probe alone leaves a gap in which
// no replica listens yet (or none does any more, while a dead one is replaced), and with SO_REUSEPORT a second server of
// the same user that began in that gap would share the connections of the first in silence.

import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';

export class PortLocks {
  readonly #held: Server[] = [];

  /**
   * The lock is a socket in Linux's abstract name space, which is that of the network as for ports, and ends with the
   * process. Elsewhere there is none, and the probe has to do.
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

  /** When the last replica is gone. */
  async release(): Promise<void> {
    await Promise.all(this.#held.splice(0).map((lock) => new Promise((resolve) => lock.close(resolve))));
  }
}
