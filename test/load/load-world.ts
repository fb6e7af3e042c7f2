// A load against a server of the test's own, which counts what it was sent.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readLimits } from '../../src/limits/read.ts';
import { makeLoadPlan, type PlanInput } from '../../src/load/make-plan.ts';
import { type LoadOptions, startLoad } from '../../src/load/start-load.ts';
import type { LoadRecord } from '../../src/model/load/load-record.ts';

export interface CountingServer extends AsyncDisposable {
  readonly origin: string;
  /** Requests by method and path. */
  readonly counts: Map<string, number>;
  readonly total: number;
}

export async function openCountingServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end('ok'),
): Promise<CountingServer> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const key = `${request.method} ${request.url}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    get total() {
      return [...counts.values()].reduce((sum, count) => sum + count, 0);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const ANYTHING = { statuses: null, type: null, lengthBytes: null, text: null, json: null };

export function planInput(urls: readonly string[], asked: Partial<PlanInput> = {}): PlanInput {
  return {
    urls,
    weights: null,
    method: null,
    headers: [],
    content: null,
    rate: null,
    arrivals: 'even',
    seed: 1,
    requestCount: null,
    durationMs: null,
    warmUpMs: 0,
    drainMs: 10_000,
    connectionCount: 8,
    depth: 1,
    maxOwed: 100_000,
    workerCount: 2,
    isKeepAlive: true,
    isHttp2: false,
    transport: 'auto',
    trust: { ca: null, isInsecure: false },
    connectTimeoutMs: 10_000,
    timeoutMs: 30_000,
    expect: ANYTHING,
    ...asked,
  };
}

export function rateOf(perSec: number): PlanInput['rate'] {
  return { stages: [{ fromPerSec: perSec, toPerSec: perSec, durationMs: 0 }], hasDuration: false };
}

export async function loadFor(
  urls: readonly string[],
  asked: Partial<PlanInput> = {},
  options: Partial<LoadOptions> = {},
): Promise<LoadRecord> {
  return startLoad({
    plan: makeLoadPlan(planInput(urls, asked), readLimits()),
    thresholds: [],
    abortAfterCount: null,
    command: 'test',
    ...options,
  }).record;
}

/** Every request is in one place of the account. */
export function sumOf({ tally }: LoadRecord): number {
  return tally.right + tally.wrong + tally.failed + tally.unanswered + tally.unsent;
}
