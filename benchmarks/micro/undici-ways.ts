// The cost of one request for each way to send it with undici and its dispatchers. Waves of 100 small answers
// without a delay, from the mock server in its own process.

import { Agent, Client, type Dispatcher, fetch, Pool, RoundRobinPool } from 'undici';
import { Writable } from 'node:stream';
import { startServer } from '../../src/server/cluster.ts';
import type { MicroSuite, MicroTask } from './suite.ts';

const WAVE = 100;
const CONNECTIONS = 20;

/** Asks for `/trial` and resolves when its answer is read. */
type Ask = (dispatcher: Dispatcher, origin: string, trial: number) => Promise<unknown>;

const WAYS: Readonly<Record<string, Ask>> = {
  fetch: async (dispatcher, origin, trial) => (await fetch(`${origin}/${trial}`, { dispatcher })).text(),
  request: async (dispatcher, origin, trial) => {
    const { body } = await dispatcher.request({ origin, path: `/${trial}`, method: 'GET' });
    return body.text();
  },
  stream: (dispatcher, origin, trial) =>
    dispatcher.stream({ origin, path: `/${trial}`, method: 'GET' }, () => devNull()),
  dispatch: (dispatcher, origin, trial) =>
    new Promise((resolve, reject) => {
      dispatcher.dispatch(
        { origin, path: `/${trial}`, method: 'GET' },
        {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData() {},
          onResponseEnd: () => resolve(undefined),
          onResponseError: (_controller, error) => reject(error),
        },
      );
    }),
};

function devNull(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

export const undiciWays: MicroSuite = {
  name: 'undici',
  operation: 'a request',
  open: async () => {
    const server = await startServer({ items: WAVE, delayMs: 0 });
    const origin = String(server.origins[0]);
    const dispatchers: Readonly<Record<string, Dispatcher>> = {
      'Client (1 connection)': new Client(origin),
      [`Pool (${CONNECTIONS})`]: new Pool(origin, { connections: CONNECTIONS }),
      [`Agent (${CONNECTIONS})`]: new Agent({ connections: CONNECTIONS }),
      [`RoundRobinPool (${CONNECTIONS})`]: new RoundRobinPool(origin, { connections: CONNECTIONS }),
    };
    const tasks: MicroTask[] = Object.entries(dispatchers).flatMap(([where, dispatcher]) =>
      Object.entries(WAYS).map(([way, ask]) => ({
        name: `${way} on ${where}`,
        operations: WAVE,
        isAsync: true,
        run: () => Promise.all(Array.from({ length: WAVE }, (_, trial) => ask(dispatcher, origin, trial))),
      })),
    );
    return {
      tasks,
      [Symbol.asyncDispose]: async () => {
        await Promise.all(Object.values(dispatchers).map((dispatcher) => dispatcher.destroy()));
        await server.close();
      },
    };
  },
};
