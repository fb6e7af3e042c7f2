// A worker's part in a fetch, from its task to its last outcome: opens sink and connections, runs the engine,
// and sends outcomes back in groups, so that neither thread is woken for every target.

import { performance } from 'node:perf_hooks';
import { Histogram } from '../../measure/histogram.ts';
import { Tally } from '../../measure/tally.ts';
import { SpillwayError } from '../../model/errors.ts';
import {
  DECODERS_BYTES,
  type FetchTask,
  type FromFetchWorker,
  GAUGES,
  type ToFetchWorker,
} from '../../model/fetch-task.ts';
import { DEFAULT_NAME_OPTIONS } from '../../model/name-options.ts';
import type { Outcome } from '../../model/outcome.ts';
import { NameResolver } from '../../dns/name-resolver.ts';
import { loadSink } from '../../sinks/load-sink.ts';
import { DecoderMemory } from './attempt/decoder-memory.ts';
import { FetchEngine } from './fetch-engine.ts';
import { GuardedRoutes } from '../../transport/routes/guarded-routes.ts';
import { fetchRobots } from './robots/robots-fetch.ts';
import { thrownText } from '../../model/one-line.ts';
import { catchStrays } from '../catch-strays.ts';
import { waitAtMost } from '../wait-at-most.ts';

/** Outcomes are sent in groups, but do not wait long, and not while they hold most of the slots. */
const MAX_GROUP_COUNT = 256;
const GROUPS_A_SHARE = 2;
const GROUP_MS = 15;
const GAUGE_MS = 500;
/** How many robots.txt files a worker fetches at once. */
const MAX_ROBOTS = 64;
const MAX_CLOSE_MS = 10_000;

/** Runs until the runner has ended the share and every target of it is settled. */
export async function fetchTargets(task: FetchTask): Promise<void> {
  const { port, limits, request, maxInFlight } = task;
  const tally = new Tally(task.tally);
  const decoderMemory = new DecoderMemory(task.decoderBytes ?? DECODERS_BYTES);
  const outbox = new Outbox(port, maxInFlight);
  const tellBroken = (error: SpillwayError) =>
    outbox.send({ kind: 'broken', code: error.code, message: error.message });
  const stopGauge = watchUtilization(new Float64Array(task.gauges));
  const names = openNames(task);
  const routes = new GuardedRoutes(
    {
      request,
      limits,
      maxInFlight,
      ...(task.maxConnections === undefined ? {} : { maxConnections: task.maxConnections }),
      maxPerOrigin: task.budgets.maxPerOrigin,
      onConnection: (event) => tally.add(event === 'opened' ? 'connectionsOpened' : 'connectionsClosed', 1),
    },
    names,
  );
  try {
    const loaded = await loadSink(task.sink, task.workerIndex);
    const engine = new FetchEngine({
      task,
      sink: loaded.sink,
      routes,
      tally,
      decoderMemory,
      onSettled: (outcome) => outbox.add(outcome, loaded.takeValue(outcome.index)),
      // The end of the run, or what its source yields next, may depend on these outcomes.
      onIdle: () => outbox.flush(),
      onBroken: (error) => {
        tellBroken(error);
        engine.stop(true);
      },
      onPartial: (index, partial) => outbox.send({ kind: 'partial', index, partial }),
      onWaits: (text) => outbox.send({ kind: 'waits', text }),
      onRobots: (origin, isGuarded) => {
        // Where a public origin has redirected, this worker asks for robots.txt itself, behind the guard.
        if (isGuarded) void findRobots(origin, true);
        else outbox.send({ kind: 'robots', origin });
      },
    });
    // Each holds a connection: those of 20,000 origins all at once would use up the open files.
    const mostRobots = Math.max(1, Math.min(MAX_ROBOTS, Math.floor(maxInFlight / 2)));
    const awaitingRobots: [origin: string, isGuarded: boolean][] = [];
    let robotsCount = 0;
    const findRobots = async (origin: string, isGuarded = false): Promise<void> => {
      if (robotsCount >= mostRobots) {
        awaitingRobots.push([origin, isGuarded]);
        return;
      }
      robotsCount++;
      const onSent = () => tally.add('attemptsSent', 1);
      const parts = { routes, limits, userAgent: request.userAgent, decoderMemory, onSent };
      const answer = { origin, rules: await fetchRobots(parts, origin, isGuarded) };
      if (isGuarded) engine.learnRobots(answer);
      else outbox.send({ kind: 'robots-found', answer });
      robotsCount--;
      const next = awaitingRobots.shift();
      if (next !== undefined) void findRobots(...next);
    };
    port.on('message', (message: ToFetchWorker) => {
      if (message.kind === 'targets') engine.accept(message.targets);
      else if (message.kind === 'recorded') engine.recorded(message.count);
      else if (message.kind === 'give-back')
        outbox.send({ kind: 'given-back', ...engine.giveBack(message.count) });
      else if (message.kind === 'end') engine.end();
      else if (message.kind === 'robots') engine.learnRobots(message.answer);
      else if (message.kind === 'fetch-robots') void findRobots(message.origin);
      else engine.stop(message.isAborted);
    });
    catchStrays((error) => {
      const text = thrownText(error);
      outbox.send({ kind: 'stray', text });
      engine.suspectAll(text);
    });
    outbox.send({ kind: 'ready' });
    await engine.done;
    loaded.sink.close();
  } catch (error) {
    tellBroken(error instanceof SpillwayError ? error : new SpillwayError('ERR_BUG', thrownText(error)));
  } finally {
    stopGauge();
    outbox.flush();
    names.close();
    // A connection that does not close ends with the thread.
    await waitAtMost(routes.close(), MAX_CLOSE_MS);
  }
}

const NAME_GAUGES = {
  hit: GAUGES.nameHits,
  found: GAUGES.namesFound,
  unknown: GAUGES.namesUnknown,
  failed: GAUGES.namesFailed,
  'timed-out': GAUGES.namesTimedOut,
} as const;

function openNames({ request, shared, maxNames, nameTimes, gauges }: FetchTask): NameResolver {
  const times = new Histogram(nameTimes);
  const cells = new Float64Array(gauges);
  return new NameResolver({
    options: request.names ?? DEFAULT_NAME_OPTIONS,
    memory: shared.names,
    maxOpen: maxNames,
    onName: (kind, durationMs) => {
      const cell = NAME_GAUGES[kind];
      cells[cell] = (cells[cell] as number) + 1;
      if (kind !== 'hit') times.recordMs(durationMs);
    },
  });
}

class Outbox {
  readonly #port: FetchTask['port'];
  readonly #groupCount: number;
  #outcomes: Outcome[] = [];
  #values: unknown[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(port: FetchTask['port'], maxInFlight: number) {
    this.#port = port;
    this.#groupCount = Math.min(MAX_GROUP_COUNT, Math.ceil(maxInFlight / GROUPS_A_SHARE));
  }

  add(outcome: Outcome, value: unknown): void {
    this.#outcomes.push(outcome);
    this.#values.push(value);
    if (this.#outcomes.length >= this.#groupCount) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), GROUP_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#outcomes.length === 0) return;
    const values = this.#values.some((value) => value !== undefined) ? { values: this.#values } : {};
    this.send({ kind: 'settled', outcomes: this.#outcomes, ...values });
    this.#outcomes = [];
    this.#values = [];
  }

  send(message: FromFetchWorker): void {
    this.#port.postMessage(message);
  }
}

function watchUtilization(gauges: Float64Array): () => void {
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    gauges[GAUGES.utilizationRatio] = performance.eventLoopUtilization(now, before).utilization;
    before = now;
  }, GAUGE_MS);
  return () => clearInterval(timer);
}
