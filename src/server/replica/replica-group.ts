// All replicas of one server: starts them, replaces those that die, collects their counts, ends them.

import { SpillwayError } from '../../model/errors.ts';
import { addDeparted } from './departed.ts';
import type { ReplicaConfig } from './replica-config.ts';
import { ReplicaProcess } from './replica-process.ts';
import type { ReplicaExit } from './replica-process.ts';
import type { LoopMs, ReplicaSnapshot } from './replica-counters.ts';
import { mergeSnapshots } from '../server-stats.ts';
import type { ServerFacts, ServerStats } from '../server-stats.ts';

/** A replica that dies this often within the window is not started again: something kills it every time. */
const MAX_DEATHS = 5;
const DEATH_WINDOW_MS = 10_000;
const START_DEADLINE_MS = 30_000;
/** Time beyond the drain to close sockets and end the process. */
const EXIT_GRACE_MS = 1000;

/** A replica died and another one serves in its place. Its counts go on from its last note. */
export interface ReplicaReplaced extends ReplicaExit {
  readonly replacementPid: number;
}

export interface GroupEvents {
  readonly replaced: (event: ReplicaReplaced) => void;
  readonly failed: (error: SpillwayError) => void;
}

interface Seat {
  readonly config: ReplicaConfig;
  replica: ReplicaProcess | undefined;
  /** Times of the replicas that died in this seat since the last reset. */
  loopBeforeMs: LoopMs;
  readonly deathsMs: number[];
  /** What those that died here since the last reset had counted, as last known. */
  departed: ReplicaSnapshot | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class ReplicaGroup {
  readonly #facts: ServerFacts;
  readonly #drainMs: number;
  readonly #events: GroupEvents;
  readonly #seats: readonly Seat[];
  #replacedCount = 0;
  #isClosing = false;
  #loopWatcherCount = 0;
  #failure: SpillwayError | undefined;

  constructor(facts: ServerFacts, configs: readonly ReplicaConfig[], drainMs: number, events: GroupEvents) {
    this.#facts = facts;
    this.#drainMs = drainMs;
    this.#events = events;
    this.#seats = configs.map((config) => ({
      config,
      replica: undefined,
      loopBeforeMs: [0, 0],
      deathsMs: [],
      departed: undefined,
      timer: undefined,
    }));
  }

  get livePids(): number[] {
    return this.#live().map((replica) => replica.pid);
  }

  /** Times of each seat, over all replicas that served there since the last reset, while `watchLoops` is on. */
  get loopsMs(): LoopMs[] {
    return this.#seats.map(loopMsOf);
  }

  /** Makes every replica note its event loop ten times a second, until the returned function is called. */
  watchLoops(): () => void {
    this.#loopWatcherCount++;
    if (this.#loopWatcherCount === 1) this.#tellWatched();
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      this.#loopWatcherCount--;
      if (this.#loopWatcherCount === 0) this.#tellWatched();
    };
  }

  /** Resolves when every replica listens. @throws the error of the first one that fails, after ending all */
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
      const started = this.#seats.map((seat) => this.#startFirst(seat));
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
    const answers = await Promise.all(
      this.#live().map(async (replica) => ({ replica, snapshot: await replica.snapshot() })),
    );
    // A replica that died after its answer is among the departed now, and counts only there.
    const live = answers.flatMap(({ replica, snapshot }) =>
      replica.isReady ? (replica.lastCounts ?? snapshot ?? []) : [],
    );
    const departed = this.#seats.flatMap((seat) => seat.departed ?? []);
    return mergeSnapshots(this.#facts, live, departed, this.#replacedCount);
  }

  /** Resolves when all have started their counts again. @throws ERR_SERVER as with `stats` */
  async reset(): Promise<void> {
    this.#replacedCount = 0;
    for (const seat of this.#seats) {
      seat.loopBeforeMs = [0, 0];
      seat.departed = undefined;
    }
    await Promise.all(this.#live().map((replica) => replica.reset()));
  }

  /** Lets answers in flight leave while the drain lasts, then ends every process. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const seat of this.#seats) {
      clearTimeout(seat.timer);
      if (seat.replica?.isReady === true) seat.replica.send({ type: 'drain' });
      else seat.replica?.kill('SIGKILL');
    }
    const timer = setTimeout(() => {
      for (const seat of this.#seats) seat.replica?.kill('SIGKILL');
    }, this.#drainMs + EXIT_GRACE_MS);
    await this.#allGone();
    clearTimeout(timer);
  }

  #tellWatched(): void {
    for (const replica of this.#live()) replica.watchLoop(this.#loopWatcherCount > 0);
  }

  async #killAll(): Promise<void> {
    this.#isClosing = true;
    for (const seat of this.#seats) seat.replica?.kill('SIGKILL');
    await this.#allGone();
  }

  async #allGone(): Promise<void> {
    for (const seat of this.#seats) await seat.replica?.gone;
  }

  #live(): ReplicaProcess[] {
    return this.#seats.flatMap(({ replica }) => (replica?.isReady === true ? [replica] : []));
  }

  #startFirst(seat: Seat): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fork(
        seat,
        () => resolve(),
        (exit, error) => {
          reject(
            error ?? new SpillwayError('ERR_SERVER', `a replica ended at its start: ${describeExit(exit)}`),
          );
        },
      );
    });
  }

  /** @param onEarlyExit called when the replica ends before it is ready; it is then not replaced */
  #fork(
    seat: Seat,
    onReady: (replica: ReplicaProcess) => void,
    onEarlyExit: (exit: ReplicaExit, error: SpillwayError | undefined) => void,
  ): void {
    let failure: SpillwayError | undefined;
    let wasReady = false;
    const replica = new ReplicaProcess(seat.config, {
      ready: () => {
        wasReady = true;
        if (this.#loopWatcherCount > 0) replica.watchLoop(true);
        onReady(replica);
      },
      failed: (error) => {
        failure = error;
      },
      exited: (exit) => {
        if (wasReady) this.#replace(seat, exit);
        else onEarlyExit(exit, failure);
      },
      asked: (what, id) => {
        void this.#answer(replica, what, id);
      },
    });
    seat.replica = replica;
  }

  #replace(seat: Seat, exit: ReplicaExit): void {
    const last = seat.replica?.lastCounts;
    if (last !== undefined) seat.departed = addDeparted(seat.departed, last, this.#facts);
    if (this.#isClosing) return;
    this.#replacedCount++;
    seat.loopBeforeMs = loopMsOf(seat);
    seat.replica = undefined;
    const nowMs = performance.now();
    while (seat.deathsMs.length > 0 && nowMs - (seat.deathsMs[0] as number) > DEATH_WINDOW_MS) {
      seat.deathsMs.shift();
    }
    seat.deathsMs.push(nowMs);
    const deaths = seat.deathsMs.length;
    if (deaths >= MAX_DEATHS) {
      this.#fail(
        `a replica died ${deaths} times within ${DEATH_WINDOW_MS / 1000} s and is not started again; the last time: ${describeExit(exit)}`,
      );
      return;
    }
    const fork = (): void => {
      this.#fork(
        seat,
        (replica) => {
          this.#events.replaced({ ...exit, replacementPid: replica.pid });
        },
        (early) => {
          this.#replace(seat, early);
        },
      );
    };
    // The first replacement starts at once; one that dies again waits longer each time.
    if (deaths === 1) fork();
    else seat.timer = setTimeout(fork, 50 * 2 ** deaths);
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

function loopMsOf({ loopBeforeMs: [activeBefore, idleBefore], replica }: Seat): LoopMs {
  const [activeMs, idleMs] = replica?.loopMs ?? [0, 0];
  return [activeBefore + activeMs, idleBefore + idleMs];
}

function describeExit({ exitCode, signal, stderrTail }: ReplicaExit): string {
  const how = signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
  return stderrTail === '' ? how : `${how}\n${stderrTail.trim()}`;
}
