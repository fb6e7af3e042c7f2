// A server that runs already, ours or any other: whether anybody answers there, before a worker is started.

import { connect } from 'node:net';
import { SpillwayError } from '../model/errors.ts';
import type { RoundOptions } from './round-options.ts';

const CONNECT_DEADLINE_MS = 5_000;

/** The origin as the run wants it. @throws SpillwayError `ERR_ORIGIN` when nobody accepts a connection there */
export async function checkOrigin(server: RoundOptions['server']): Promise<readonly string[]> {
  if (server.own) throw new SpillwayError('ERR_BUG', 'expected an origin');
  const { origin, hostname, port, protocol } = new URL(server.origin);
  const found = await tryConnect(
    hostname.replace(/^\[|\]$/g, ''),
    Number(port) || (protocol === 'https:' ? 443 : 80),
  );
  if (found === null) return [origin];
  throw new SpillwayError(
    'ERR_ORIGIN',
    `expected a server at ${origin}, found ${found}; start one with \`spillway serve --port ${port || 80}\`, or leave --origin out`,
  );
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
