// Opens the places where redirects of a fault server lead: a port where nobody listens, and four kinds of
// broken TLS. Called only when the mix contains such faults.

import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { FaultMix } from './fault-mix.ts';
import type { RedirectName } from './fault-steps.ts';
import { FAULTS } from './fault-table.ts';
import { makeSelfSigned } from './self-signed.ts';

const DAY_MS = 86_400_000;
/** The port of tcpmux: hardly anybody uses it, and only root may listen there. */
const REFUSED_PORT = 1;

export interface RedirectOrigins {
  /** The origins by name, without a trailing slash. */
  readonly origins: Readonly<Record<RedirectName, string>>;
  /** The origins that listen, for a person to read. */
  readonly listening: readonly string[];
  close(): void;
}

/** @param accept gets connections of clients that accepted the broken TLS */
export async function openRedirectOrigins(
  mix: FaultMix,
  host: string,
  shownHost: string,
  accept: (socket: Socket) => void,
): Promise<RedirectOrigins> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const origins: Record<RedirectName, string> = {
    refused: `http://${shownHost}:${REFUSED_PORT}`,
    expired: '',
    'self-signed': '',
    hanging: '',
    plain: '',
  };
  const needsTls = [...mix].some(([name, ratio]) => ratio > 0 && FAULTS[name].group === 'tls');
  const open = async (name: RedirectName, server: Server): Promise<void> => {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    });
    server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
    servers.push(server);
    server.listen({ host, port: 0 });
    await once(server, 'listening');
    origins[name] = `https://${shownHost}:${(server.address() as AddressInfo).port}`;
  };
  if (needsTls) {
    const now = Date.now();
    const expired = makeSelfSigned(new Date(now - 60 * DAY_MS), new Date(now - 30 * DAY_MS));
    const selfSigned = makeSelfSigned(new Date(now - DAY_MS), new Date(now + 30 * DAY_MS));
    await open('expired', createTlsServer(expired, accept));
    await open('self-signed', createTlsServer(selfSigned, accept));
    // This server reads, to see when the client leaves, and never writes.
    await open(
      'hanging',
      createServer((socket) => socket.resume()),
    );
    await open(
      'plain',
      createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')),
    );
  }
  return {
    origins,
    listening: Object.values(origins).filter((origin) => origin.startsWith('https:')),
    close: () => {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
