// What fetch tests share: real servers on a port of their own, and a run over them with everything it settled.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import type { FetchBudgets, FetchLimits } from '../../src/model/fetch-task.ts';
import type { FailedOutcome, OkOutcome, Outcome } from '../../src/model/outcome.ts';
import { DEFAULT_LIMITS, fetchDefaults } from '../../src/runner/fetch/fetch-defaults.ts';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import type { FetchOptions } from '../../src/runner/fetch/fetch-options.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

/** Starts `server` on a free port of 127.0.0.1 until `t` ends; resolves to the port. */
export async function listen(t: TestContext, server: NetServer): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** An HTTP server; resolves to its origin. */
export async function serve(
  t: TestContext,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server: Server = createServer(handle);
  return `http://127.0.0.1:${await listen(t, server)}`;
}

/** Short enough to wait for, and one attempt a target. */
const LIMITS: FetchLimits = {
  ...DEFAULT_LIMITS,
  totalMs: 20_000,
  connectMs: 5_000,
  firstByteMs: 10_000,
  idleMs: 10_000,
  minBytesPerSec: 0,
  slowWindowMs: 0,
  maxBodyBytes: 10_000_000,
  maxHeaderBytes: 16_384,
  maxRedirects: 5,
  maxRetries: 0,
  retryBudgetRatio: 1,
  maxRetryWaitMs: 60_000,
  stallMs: 0,
};

const BUDGETS: FetchBudgets = { maxPerOrigin: 0, maxAttemptsPerSec: 0, maxBytesPerSec: 0 };

export type Changes = Partial<Omit<FetchOptions, 'limits' | 'budgets' | 'request' | 'sources'>> & {
  readonly limits?: Partial<FetchLimits>;
  readonly budgets?: Partial<FetchBudgets>;
  readonly request?: Partial<FetchOptions['request']>;
};

export interface Fetched {
  readonly report: FetchReport;
  /** By index. */
  readonly outcomes: readonly Outcome[];
  /** Where bodies went when `to` was not changed. */
  readonly root: string;
}

export function makeOptions(urls: readonly string[], changes: Changes): FetchOptions {
  const stream = (async function* () {
    yield Buffer.from(urls.join('\n'));
  })();
  const defaults = fetchDefaults();
  return {
    ...defaults,
    sources: [{ kind: 'list', input: { stream, name: 'the test' } }],
    to: 'discard',
    maxInFlight: 32,
    cores: 2,
    maxRemembered: 1000,
    ...changes,
    limits: { ...LIMITS, ...changes.limits },
    budgets: { ...BUDGETS, ...changes.budgets },
    request: {
      ...defaults.request,
      userAgent: 'spillway/test',
      transport: process.env['SPILLWAY_TEST_TRANSPORT'] === 'undici' ? 'undici' : 'auto',
      ...changes.request,
    },
  };
}

/** Fetches `urls` to a directory of the test's own and waits for the end. */
export async function fetchUrls(
  t: TestContext,
  urls: readonly string[],
  changes: Changes = {},
): Promise<Fetched> {
  const root = join(scratchDirectory(t), 'out');
  const outcomes: Outcome[] = [];
  const options = makeOptions(urls, { to: root, ...changes });
  const run = startFetch({
    ...options,
    onOutcomes: (group) => {
      for (const outcome of group) outcomes.push(outcome);
      changes.onOutcomes?.(group);
    },
  });
  const report = await run.report;
  outcomes.sort((a, b) => a.index - b.index);
  return { report, outcomes, root };
}

/** The only outcome, which must be a success. */
export function onlyOk({ outcomes }: Fetched): OkOutcome {
  const [outcome] = outcomes;
  if (outcome?.kind !== 'ok') throw new Error(`expected one ok, found ${JSON.stringify(outcomes)}`);
  return outcome;
}

/** The only outcome, which must be a failure. */
export function onlyFailed({ outcomes }: Fetched): FailedOutcome {
  const [outcome] = outcomes;
  if (outcome?.kind !== 'failed') throw new Error(`expected one failure, found ${JSON.stringify(outcomes)}`);
  return outcome;
}
