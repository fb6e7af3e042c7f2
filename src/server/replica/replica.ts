// The entry of a replica process: reads its configuration, builds the application, listens, and reports that
// it is ready. It ends when drained, when SIGTERM or the primary tells it to, or when the primary is gone.

import type { Server, Socket } from 'node:net';
import { SpillwayError } from '../../model/errors.ts';
import type { Protocol } from '../app.ts';
import type { Connection } from '../connection.ts';
import { drain } from './drain.ts';
import { FileIds } from '../file-ids.ts';
import { joinWrites } from '../joined-writes.ts';
import { openListeners } from './listeners.ts';
import { PrimaryLink } from './primary-link.ts';
import { ReplicaCounters } from './replica-counters.ts';
import { takeReplicaConfig } from './replica-config.ts';
import type { RouteContext } from '../route-context.ts';

// Ctrl-C and a closed terminal signal the whole process group; only the primary decides what to do.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => {
  process.exit(0);
});
process.on('SIGTERM', () => {
  void end();
});

const config = takeReplicaConfig(process.env);
const { facts } = config;
const counters = new ReplicaCounters(facts.items, facts.files);
const link = new PrimaryLink(counters, () => {
  void end();
});
const context: RouteContext = {
  facts,
  counters,
  ids: new FileIds(Buffer.from(config.fileKeyHex, 'hex'), facts.files),
  isDraining: false,
  stats: () => link.stats(),
  reset: () => link.reset(),
};
const listeners: Server[] = [];
let closeSessions = (): void => {};

try {
  await listen();
  // What the start cost is not part of what is measured.
  counters.reset();
  link.ready();
} catch (error) {
  if (!(error instanceof SpillwayError)) throw error;
  await link.failed(error.code, error.message);
  process.exit(1);
}

async function listen(): Promise<void> {
  const accept = facts.lean ? await leanAcceptor() : await appAcceptor('http1');
  if (config.tls === null) await listenOn(config.ports, accept);
  else {
    const { takeTls } = await import('./tls-sockets.ts');
    await listenOn(config.ports, accept, (onSocket) =>
      takeTls(config.tls as NonNullable<typeof config.tls>, onSocket),
    );
  }
  if (config.h2cPorts.length > 0) {
    const { closeH2cSessions } = await import('../h2c-server.ts');
    closeSessions = closeH2cSessions;
    await listenOn(config.h2cPorts, await appAcceptor('h2c'));
  }
}

type Acceptor = (connection: Connection) => void;

async function appAcceptor(protocol: Protocol): Promise<Acceptor> {
  const { makeApp } = await import('../app.ts');
  const { server } = await makeApp(context, protocol);
  return (connection) => {
    connection.isSession = protocol === 'h2c';
    if (protocol === 'http1') joinWrites(connection.socket);
    server.emit('connection', connection.socket);
  };
}

/** Loads Fastify when the first connection needs it, so that a lean replica starts in half the time. */
async function leanAcceptor(): Promise<Acceptor> {
  const { LeanServer } = await import('../lean/lean-server.ts');
  let full: Promise<Acceptor> | undefined;
  const lean = new LeanServer(context, (connection) => {
    full ??= appAcceptor('http1');
    // A drain must not take the connection for idle before its request is read.
    connection.owedOthers++;
    void full.then((accept) => {
      if (connection.isClosed) return;
      accept(connection);
      connection.socket.resume();
      setImmediate(() => {
        connection.owedOthers--;
      });
    });
  });
  return (connection) => {
    lean.accept(connection);
  };
}

type OnSocket = (socket: Socket) => void;

/** @param wrap is called with each accepted socket, for example to put TLS on it */
async function listenOn(
  ports: readonly number[],
  accept: Acceptor,
  wrap: (onSocket: OnSocket) => OnSocket = (onSocket) => onSocket,
): Promise<void> {
  const onSocket = wrap((socket) => accept(counters.openConnection(socket)));
  const onAcceptError = (): void => {
    counters.acceptErrors++;
  };
  listeners.push(...(await openListeners({ ...config, ports }, onSocket, onAcceptError)));
}

async function end(): Promise<void> {
  if (context.isDraining) return;
  await drain(context, listeners, closeSessions, config.drainMs);
  process.exit(0);
}
