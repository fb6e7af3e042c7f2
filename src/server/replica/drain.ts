// Ends a replica's service: accepts no more connections, waits for the answers it owes, and closes each
// connection that is owed nothing. The process ends after that.

import type { Server } from 'node:net';
import type { RouteContext } from '../route-context.ts';

const SWEEP_MS = 20;

/** Resolves when no connection is left, or after `drainMs`. */
export function drain(
  context: RouteContext,
  listeners: readonly Server[],
  closeSessions: () => void,
  drainMs: number,
): Promise<void> {
  context.isDraining = true;
  for (const listener of listeners) listener.close();
  closeSessions();
  const endMs = performance.now() + drainMs;
  return new Promise((resolve) => {
    const sweep = (): void => {
      for (const connection of context.counters.connections) {
        if (connection.isSession) continue;
        // A connection stays open while the client has not read all its bytes.
        if (connection.owesNothing && connection.socket.writableLength === 0) connection.socket.destroySoon();
      }
      if (context.counters.connections.size === 0 || performance.now() >= endMs) resolve();
      else setTimeout(sweep, SWEEP_MS);
    };
    sweep();
  });
}
