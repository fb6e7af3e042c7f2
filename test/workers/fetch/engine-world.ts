// An engine of a fetch in this thread, with real routes and a sink in memory: for what cannot be reached through a
// thread, such as a resolver of the test's own.

import { MessageChannel } from 'node:worker_threads';
import { nowMs } from '../../../src/measure/clock.ts';
import { Tally } from '../../../src/measure/tally.ts';
import {
  DECODERS_BYTES,
  makeFetchShared,
  type FetchLimits,
  type FetchRequestOptions,
  type FetchTask,
  GAUGES,
} from '../../../src/model/fetch-task.ts';
import { makeOwnRows } from '../../../src/model/shared/origin-fields.ts';
import { makeBodyProgress } from '../../../src/model/body/body-progress.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { DecoderMemory } from '../../../src/workers/fetch/attempt/decoder-memory.ts';
import { FetchEngine } from '../../../src/workers/fetch/fetch-engine.ts';
import { GuardedRoutes } from '../../../src/transport/routes/guarded-routes.ts';
import { Histogram } from '../../../src/measure/histogram.ts';
import { DEFAULT_NAME_OPTIONS } from '../../../src/model/name-options.ts';
import type { NameSource } from '../../../src/dns/host-names.ts';
import { NameResolver } from '../../../src/dns/name-resolver.ts';

export const LIMITS: FetchLimits = {
  totalMs: 10_000,
  connectMs: 5_000,
  firstByteMs: 5_000,
  idleMs: 5_000,
  minBytesPerSec: 0,
  slowWindowMs: 0,
  maxBodyBytes: 1e8,
  maxHeaderBytes: 16_384,
  maxRedirects: 5,
  maxRetries: 0,
  retryBudgetRatio: 1,
  maxRetryWaitMs: 60_000,
};

export const REQUEST: FetchRequestOptions = {
  userAgent: 'spillway/test',
  headers: [],
  logins: [],
  bytes: 'decoded',
  transport: 'auto',
  allowsHttp2: true,
  ca: null,
  isInsecure: false,
  proxy: { http: '', https: '', except: '' },
};

export interface EngineChanges {
  readonly limits?: Partial<FetchLimits>;
  readonly request?: Partial<FetchRequestOptions>;
  readonly maxInFlight?: number;
  readonly names?: NameSource;
  readonly onWaits?: (text: string | null) => void;
  /** @default one that keeps nothing */
  readonly sink?: Sink;
  /** Stands between the engine and its routes. */
  readonly wrapRoutes?: (routes: GuardedRoutes) => Pick<GuardedRoutes, 'send' | 'isPublic'>;
}

/** Fetches `urls` in this thread; resolves to the outcomes by index. */
export async function fetchHere(urls: readonly string[], changes: EngineChanges = {}): Promise<Outcome[]> {
  const { port1, port2 } = new MessageChannel();
  const limits = { ...LIMITS, ...changes.limits };
  const request = { ...REQUEST, ...changes.request };
  const maxInFlight = changes.maxInFlight ?? 16;
  const budgets = { maxPerOrigin: 0, isAdaptive: true, maxAttemptsPerSec: 0, maxBytesPerSec: 0 };
  const tally = new Tally();
  const shared = makeFetchShared(5000, nowMs());
  const task: FetchTask = {
    workerIndex: 0,
    port: port1,
    sink: { kind: 'discard' },
    request,
    limits,
    budgets,
    maxInFlight,
    shared,
    tally: Tally.allocate(),
    gauges: new SharedArrayBuffer(GAUGES.fieldCount * 8),
    bodyProgress: makeBodyProgress(),
    ownRows: makeOwnRows(shared.origins),
    inFlight: new SharedArrayBuffer(8 * maxInFlight),
    maxNames: 64,
    nameTimes: Histogram.allocate(),
  };
  const resolver = new NameResolver({ options: request.names ?? DEFAULT_NAME_OPTIONS });
  const routes = new GuardedRoutes(
    { request, limits, maxInFlight, maxPerOrigin: 0, onConnection: () => {} },
    changes.names ?? resolver,
  );
  const outcomes: Outcome[] = [];
  const engine = new FetchEngine({
    task,
    sink: changes.sink ?? makeSink(),
    routes: (changes.wrapRoutes === undefined
      ? routes
      : { expect: () => {}, ...changes.wrapRoutes(routes) }) as GuardedRoutes,
    tally,
    decoderMemory: new DecoderMemory(DECODERS_BYTES),
    onSettled: (outcome) => {
      outcomes.push(outcome);
      setImmediate(() => engine.recorded(1));
    },
    onBroken: (error) => {
      throw error;
    },
    onIdle: () => {},
    onPartial: () => {},
    onWaits: changes.onWaits ?? (() => {}),
    onRobots: () => {},
  });
  engine.accept(urls.map((url, index) => ({ index, url, line: index + 1 })));
  engine.end();
  await engine.done;
  await routes.close();
  resolver.close();
  port1.close();
  port2.close();
  return outcomes.toSorted((a, b) => a.index - b.index);
}

export function makeSink(): Sink {
  const stored = { path: '', offsetBytes: 0, storedBytes: 0, isRenamed: false };
  return {
    begin: () => {
      let bytes = 0;
      return {
        write: (chunk) => {
          bytes += chunk.length;
        },
        commit: () => ({ bytes, sha256: '', stored }),
        discard: () => {},
      };
    },
    close: () => {},
  };
}
