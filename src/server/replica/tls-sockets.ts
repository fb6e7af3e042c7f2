// TLS between an accepted socket and what answers on it: handshakes that fail are nobody's connection.

import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { ReplicaConfig } from './replica-config.ts';

/** @returns what accepted sockets are handed to; `onSocket` gets each once its handshake is over */
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
