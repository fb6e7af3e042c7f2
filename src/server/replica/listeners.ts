// Opens the accept queues of one replica. A burst of connects overruns a single queue; several listeners
// prevent that, even in one process. All hand their sockets to the same server.

import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { listenError } from '../ports/find-ports.ts';

export interface ListenOptions {
  readonly host: string;
  readonly ports: readonly number[];
  readonly listenersPerPort: number;
  readonly backlog: number;
  readonly reusePort: boolean;
}

/** @throws ERR_PORT_BUSY, after closing what was opened */
export async function openListeners(
  options: ListenOptions,
  onSocket: (socket: Socket) => void,
  onAcceptError: (error: Error) => void,
): Promise<Server[]> {
  const servers: Server[] = [];
  try {
    for (const port of options.ports) {
      for (let index = 0; index < options.listenersPerPort; index += 1) {
        servers.push(await listen(options, port, onSocket, onAcceptError));
      }
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return servers;
}

function listen(
  { host, backlog, reusePort }: ListenOptions,
  port: number,
  onSocket: (socket: Socket) => void,
  onAcceptError: (error: Error) => void,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    // The options that http.Server uses for its sockets: it ends its own half itself, and answers are small.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, onSocket);
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(listenError(host, port, error));
    };
    server.once('error', fail);
    server.listen({ host, port, backlog, ...(reusePort && { reusePort }) }, () => {
      server.off('error', fail);
      server.on('error', onAcceptError);
      resolve(server);
    });
  });
}
