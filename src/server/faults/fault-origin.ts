// One port of a fault server: it can die, with every connection it has, and come back at the same place.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { listenError } from '../ports/find-ports.ts';

/** How often the port is asked back after an outage, should another program have taken it. */
const MAX_LISTEN_ATTEMPTS = 200;
const LISTEN_RETRY_MS = 25;
const BACKLOG = 4096;

/** Something that ends with its socket. */
export interface Resettable {
  reset(): void;
}

export class FaultOrigin {
  readonly host: string;
  #port: number;
  readonly #accept: (socket: Socket) => Resettable;
  readonly #connections = new Set<Resettable>();
  #server: Server | undefined;
  #isClosed = false;

  /** @param port 0 for any @param accept takes every connection that comes */
  constructor(host: string, port: number, accept: (socket: Socket) => Resettable) {
    this.host = host;
    this.#port = port;
    this.#accept = accept;
  }

  /** The one that was found, where any was asked for. */
  get port(): number {
    return this.#port;
  }

  /** @throws ERR_PORT_BUSY */
  async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = this.#accept(socket);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
    try {
      server.listen({ host: this.host, port: this.#port, backlog: BACKLOG, exclusive: true });
      await once(server, 'listening');
    } catch (error) {
      throw listenError(this.host, this.#port, error as NodeJS.ErrnoException);
    }
    this.#port = (server.address() as AddressInfo).port;
    // Accepts that fail, as for want of files: the client's connection waits.
    server.on('error', () => {});
    if (this.#isClosed) server.close();
    else this.#server = server;
  }

  /** Resets every connection and takes none for `durationMs`. False: it is down already. */
  goDown(durationMs: number): boolean {
    if (this.#server === undefined || this.#isClosed) return false;
    this.#end();
    setTimeout(() => void this.#comeBack(MAX_LISTEN_ATTEMPTS), durationMs);
    return true;
  }

  /** Resets every connection and frees the port. */
  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  #end(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const connection of this.#connections) connection.reset();
    this.#connections.clear();
  }

  async #comeBack(attemptsLeft: number): Promise<void> {
    if (this.#isClosed) return;
    try {
      await this.listen();
    } catch {
      // It stays down where another program holds on to the port: a client sees that as what it is.
      if (attemptsLeft > 1) setTimeout(() => void this.#comeBack(attemptsLeft - 1), LISTEN_RETRY_MS);
    }
  }
}
