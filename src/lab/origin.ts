// Checks that a server that already runs answers at its origin, before a worker is started.

import { connect } from 'node:net';
import type { Destination } from '../limits/held-ports.ts';
import { SpillwayError } from '../model/errors.ts';
import type { RoundOptions } from './round-options.ts';

const CONNECT_DEADLINE_MS = 5_000;

/**
 * The origin in the form that the run uses. @throws SpillwayError `ERR_ORIGIN` when nobody accepts a
 * connection there
 */
export async function checkOrigin(server: RoundOptions['server']): Promise<readonly string[]> {
  if (server.own) throw new SpillwayError('ERR_BUG', 'expected an origin');
  const { origin } = new URL(server.origin);
  const { host, port } = destinationOfOrigin(server.origin);
  const found = await tryConnect(host, port);
  if (found === null) return [origin];
  throw new SpillwayError(
    'ERR_ORIGIN',
    `expected a server at ${origin}, found ${found}; start one with \`spillway serve --port ${port}\`, or leave --origin out`,
  );
}

/** Where the connections of a round go when the server is not ours. */
export function destinationOfOrigin(origin: string): Destination & { readonly host: string } {
  const { hostname, port, protocol } = new URL(origin);
  const host = hostname.replace(/^\[|\]$/gu, '');
  const isLiteral = /^[\d.]+$/u.test(host) || host.includes(':');
  const addresses = host === 'localhost' ? ['127.0.0.1', '::1'] : isLiteral ? [host] : null;
  return { host, addresses, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

function tryConnect(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_DEADLINE_MS });
    const end = (found: string | null) => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end(`no answer within ${CONNECT_DEADLINE_MS} ms`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
