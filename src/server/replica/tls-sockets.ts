// Puts TLS on accepted sockets. A failed handshake never becomes a connection of the server.

import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { ReplicaConfig } from './replica-config.ts';

/** @returns a function that takes accepted sockets; `onSocket` gets each one after its handshake */
export function takeTls(
  { cert, key, ticketKeysHex }: NonNullable<ReplicaConfig['tls']>,
  onSocket: (socket: Socket) => void,
): (socket: Socket) => void {
  const server = createServer({
    cert,
    key,
    ticketKeys: Buffer.from(ticketKeysHex, 'hex'),
    ALPNProtocols: ['http/1.1'],
    allowHalfOpen: true,
    noDelay: true,
  });
  server.on('secureConnection', onSocket);
  return (socket) => server.emit('connection', socket);
}
