// One port of a fault server. It can go down with all its connections and come back on the same port.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { listenError } from '../ports/find-ports.ts';

/** How often listening is tried again after an outage, in case another program has taken the port. */
const MAX_LISTEN_ATTEMPTS = 200;
const LISTEN_RETRY_MS = 25;
const BACKLOG = 4096;

/** Something that can be reset together with its socket. */
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

  /** @param port 0 for any free port @param accept is called with every connection */
  constructor(host: string, port: number, accept: (socket: Socket) => Resettable) {
    this.host = host;
    this.#port = port;
    this.#accept = accept;
  }

  /** The port in use; where any was asked for, the one that was found. */
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
    // Ignore a failed accept, such as one for lack of files: the client's connection waits.
    server.on('error', () => {});
    if (this.#isClosed) server.close();
    else this.#server = server;
  }

  /** Resets every connection and accepts none for `durationMs`. Returns false when it is down already. */
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
      // The origin stays down when another program keeps the port; clients then see that program or a
      // refusal.
      if (attemptsLeft > 1) setTimeout(() => void this.#comeBack(attemptsLeft - 1), LISTEN_RETRY_MS);
    }
  }
}
