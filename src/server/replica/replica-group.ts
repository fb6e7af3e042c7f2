// All replicas of one server: starts them, replaces those that die, collects their counts, ends them.
import { SpillwayError } from '../../model/errors.ts';
import type { ReplicaConfig } from './replica-config.ts';
import { ReplicaProcess } from './replica-process.ts';
import type { ReplicaExit } from './replica-process.ts';
import type { LoopMs } from './replica-counters.ts';
import { mergeSnapshots } from '../server-stats.ts';
import type { ServerFacts, ServerStats } from '../server-stats.ts';

/** A replica that died this often within the window is not started again: something kills it every time. */
const MAX_DEATHS = 5;
const DEATH_WINDOW_MS = 10_000;
const START_DEADLINE_MS = 30_000;
/** Beyond the drain: to close sockets and end the process. */
const EXIT_GRACE_MS = 1000;

/** A replica died and another one serves in its place. Its counts are lost. */
export interface ReplicaReplaced extends ReplicaExit {
  readonly replacementPid: number;
}

export interface GroupEvents {
  readonly replaced: (event: ReplicaReplaced) => void;
  readonly failed: (error: SpillwayError) => void;
}

interface Place {
  readonly config: ReplicaConfig;
  replica: ReplicaProcess | undefined;
  /** Of the replicas that died here since the last reset. */
  loopBeforeMs: LoopMs;
  readonly deathsMs: number[];
  timer: NodeJS.Timeout | undefined;
}

export class ReplicaGroup {
  readonly #facts: ServerFacts;
  readonly #drainMs: number;
  readonly #events: GroupEvents;
  readonly #places: readonly Place[];
  #replacedCount = 0;
  #isClosing = false;
  #loopWatcherCount = 0;
  #failure: SpillwayError | undefined;

  constructor(facts: ServerFacts, configs: readonly ReplicaConfig[], drainMs: number, events: GroupEvents) {
    this.#facts = facts;
    this.#drainMs = drainMs;
    this.#events = events;
    this.#places = configs.map((config) => ({
      config,
      replica: undefined,
      loopBeforeMs: [0, 0],
      deathsMs: [],
      timer: undefined,
    }));
  }

  get livePids(): number[] {
    return this.#live().map((replica) => replica.pid);
  }

  /** For each place, whoever serves there: as last noted since the last reset, while `watchLoops` is on. */
  get loopsMs(): LoopMs[] {
    return this.#places.map(loopMsOf);
  }

  /** Has every replica note its event loop ten times a second, until the returned function is called. */
  watchLoops(): () => void {
    this.#loopWatcherCount += 1;
    if (this.#loopWatcherCount === 1) this.#tellWatched();
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      this.#loopWatcherCount -= 1;
      if (this.#loopWatcherCount === 0) this.#tellWatched();
    };
  }

  /** Resolves when every replica listens. @throws what the first one that fails says; then none is left */
  async start(): Promise<void> {
    const deadline = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      deadline.reject(
        new SpillwayError(
          'ERR_SERVER',
          `expected the replicas to listen within ${START_DEADLINE_MS / 1000} s`,
        ),
      );
    }, START_DEADLINE_MS);
    try {
      const started = this.#places.map((place) => this.#startFirst(place));
      await Promise.race([Promise.all(started), deadline.promise]);
    } catch (error) {
      await this.#killAll();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws ERR_SERVER when a replica is stuck, or when replicas died too often to be replaced */
  async stats(): Promise<ServerStats> {
    if (this.#failure !== undefined) throw this.#failure;
    const snapshots = await Promise.all(this.#live().map((replica) => replica.snapshot()));
    return mergeSnapshots(
      this.#facts,
      snapshots.filter((snapshot) => snapshot !== undefined),
      this.#replacedCount,
    );
  }

  /** Resolves when all have started their counts again. @throws ERR_SERVER as with `stats` */
  async reset(): Promise<void> {
    this.#replacedCount = 0;
    for (const place of this.#places) place.loopBeforeMs = [0, 0];
    await Promise.all(this.#live().map((replica) => replica.reset()));
  }

  /** Lets answers in flight go out for as long as the drain lasts, then ends every process. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const place of this.#places) {
      clearTimeout(place.timer);
      if (place.replica?.isReady === true) place.replica.send({ type: 'drain' });
      else place.replica?.kill('SIGKILL');
    }
    const timer = setTimeout(() => {
      for (const place of this.#places) place.replica?.kill('SIGKILL');
    }, this.#drainMs + EXIT_GRACE_MS);
    await this.#allGone();
    clearTimeout(timer);
  }

  #tellWatched(): void {
    for (const replica of this.#live()) replica.watchLoop(this.#loopWatcherCount > 0);
  }

  async #killAll(): Promise<void> {
    this.#isClosing = true;
    for (const place of this.#places) place.replica?.kill('SIGKILL');
    await this.#allGone();
  }

  async #allGone(): Promise<void> {
    for (const place of this.#places) await place.replica?.gone;
  }

  #live(): ReplicaProcess[] {
    return this.#places.flatMap(({ replica }) => (replica?.isReady === true ? [replica] : []));
  }

  #startFirst(place: Place): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fork(
        place,
        () => resolve(),
        (exit, error) => {
          reject(
            error ?? new SpillwayError('ERR_SERVER', `a replica ended at its start: ${describeExit(exit)}`),
          );
        },
      );
    });
  }

  /** @param onEarlyExit called in place of a replacement when it ends before it was ready */
  #fork(
    place: Place,
    onReady: (replica: ReplicaProcess) => void,
    onEarlyExit: (exit: ReplicaExit, error: SpillwayError | undefined) => void,
  ): void {
    let failure: SpillwayError | undefined;
    let wasReady = false;
    const replica = new ReplicaProcess(place.config, {
      ready: () => {
        wasReady = true;
        if (this.#loopWatcherCount > 0) replica.watchLoop(true);
        onReady(replica);
      },
      failed: (error) => {
        failure = error;
      },
      exited: (exit) => {
        if (wasReady) this.#replace(place, exit);
        else onEarlyExit(exit, failure);
      },
      asked: (what, id) => {
        void this.#answer(replica, what, id);
      },
    });
    place.replica = replica;
  }

  #replace(place: Place, exit: ReplicaExit): void {
    if (this.#isClosing) return;
    this.#replacedCount += 1;
    place.loopBeforeMs = loopMsOf(place);
    place.replica = undefined;
    const nowMs = performance.now();
    while (place.deathsMs.length > 0 && nowMs - (place.deathsMs[0] as number) > DEATH_WINDOW_MS) {
      place.deathsMs.shift();
    }
    place.deathsMs.push(nowMs);
    const deaths = place.deathsMs.length;
    if (deaths >= MAX_DEATHS) {
      this.#fail(
        `a replica died ${deaths} times within ${DEATH_WINDOW_MS / 1000} s and is not started again; the last time: ${describeExit(exit)}`,
      );
      return;
    }
    const fork = (): void => {
      this.#fork(
        place,
        (replica) => {
          this.#events.replaced({ ...exit, replacementPid: replica.pid });
        },
        (early) => {
          this.#replace(place, early);
        },
      );
    };
    // The first replacement comes at once; one that dies again waits longer each time.
    if (deaths === 1) fork();
    else place.timer = setTimeout(fork, 50 * 2 ** deaths);
  }

  #fail(message: string): void {
    this.#failure = new SpillwayError('ERR_SERVER', message);
    this.#events.failed(this.#failure);
  }

  async #answer(replica: ReplicaProcess, what: 'ask-stats' | 'ask-reset', id: number): Promise<void> {
    try {
      if (what === 'ask-stats') replica.send({ type: 'stats-answer', id, stats: await this.stats() });
      else {
        await this.reset();
        replica.send({ type: 'reset-answer', id });
      }
    } catch (error) {
      replica.send({ type: 'refusal', id, message: error instanceof Error ? error.message : String(error) });
    }
  }
}

function loopMsOf({ loopBeforeMs: [activeBefore, idleBefore], replica }: Place): LoopMs {
  const [activeMs, idleMs] = replica?.loopMs ?? [0, 0];
  return [activeBefore + activeMs, idleBefore + idleMs];
}

function describeExit({ exitCode, signal, stderrTail }: ReplicaExit): string {
  const how = signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
  return stderrTail === '' ? how : `${how}\n${stderrTail.trim()}`;
}
