// One replica as the primary sees it: a forked process, open questions to it, and the end of its stderr.
// Decides nothing.

import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { SpillwayError } from '../../model/errors.ts';
import { programUrl } from '../../program-url.ts';
import { replicaEnv } from './replica-config.ts';
import type { ReplicaConfig } from './replica-config.ts';
import type { LoopMs, ReplicaSnapshot } from './replica-counters.ts';
import type { ToPrimary, ToReplica } from './replica-messages.ts';

const ENTRY = fileURLToPath(programUrl('server/replica/replica'));

/**
 * How long an answer may take: a loop busy with a million answers is slow, one that is silent this long is
 * stuck.
 */
const ASK_DEADLINE_MS = 20_000;
const STDERR_TAIL_CHARS = 4000;

export interface ReplicaExit {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of its stderr, where a crash leaves its stack trace. */
  readonly stderrTail: string;
}

interface Question {
  readonly resolve: (snapshot: ReplicaSnapshot | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

/** Called from the event loop, in the order things happen. */
export interface ReplicaEvents {
  readonly ready: () => void;
  readonly failed: (error: SpillwayError) => void;
  readonly exited: (exit: ReplicaExit) => void;
  readonly asked: (what: 'ask-stats' | 'ask-reset', id: number) => void;
}

export class ReplicaProcess {
  readonly pid: number;
  isReady = false;
  /**
   * Times of its event loop since its last reset, as it last noted them; it notes while `watchLoop` is on.
   */
  loopMs: LoopMs = [0, 0];
  /** The newest counts that are known of it since its last reset: they are there when it is not any more. */
  lastCounts: ReplicaSnapshot | undefined;
  #resetsInFlight = 0;
  #isGone = false;
  readonly #worker: Worker;
  readonly #events: ReplicaEvents;
  readonly #questions = new Map<number, Question>();
  readonly #gone = Promise.withResolvers<void>();
  #lastId = 0;
  #stderrTail = '';

  constructor(config: ReplicaConfig, events: ReplicaEvents) {
    this.#events = events;
    // The primary must not accept connections (SCHED_RR): it becomes the bottleneck of every burst.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({
      exec: ENTRY,
      args: [],
      execArgv: inheritedFlags(process.execArgv),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#worker = cluster.fork(replicaEnv(config));
    this.pid = this.#worker.process.pid ?? -1;
    this.#worker.on('message', (message: ToPrimary) => {
      this.#receive(message);
    });
    this.#worker.on('error', (error) => {
      if (this.pid === -1) this.#exit(null, null, `the process could not be started: ${error.message}`);
    });
    this.#worker.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderrTail = (this.#stderrTail + text).slice(-STDERR_TAIL_CHARS);
    });
    // Wait for 'close' and not for 'exit': only then has all of stderr been read.
    this.#worker.process.once('close', (exitCode, signal) => {
      this.#exit(exitCode, signal, this.#stderrTail);
    });
  }

  /** Resolves when the process is gone. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /**
   * Resolves to undefined when the replica died before it answered. @throws ERR_SERVER when it is silent for
   * too long
   */
  async snapshot(): Promise<ReplicaSnapshot | undefined> {
    return this.#ask('snapshot');
  }

  /** Resolves when its counts have started again, or when it is gone. @throws ERR_SERVER as with `snapshot` */
  async reset(): Promise<void> {
    this.#resetsInFlight++;
    this.lastCounts = undefined;
    await this.#ask('reset');
  }

  watchLoop(isWatched: boolean): void {
    this.send({ type: 'watch-loop', isWatched });
  }

  send(message: ToReplica): void {
    if (!this.#isGone && this.#worker.isConnected()) this.#worker.send(message, () => {});
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#isGone) this.#worker.process.kill(signal);
  }

  #ask(type: 'snapshot' | 'reset'): Promise<ReplicaSnapshot | undefined> {
    if (this.#isGone) return Promise.resolve(undefined);
    this.#lastId++;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#questions.delete(id);
        const seconds = ASK_DEADLINE_MS / 1000;
        reject(
          new SpillwayError(
            'ERR_SERVER',
            `expected replica ${this.pid} to answer within ${seconds} s, found silence; it is stuck or starved of CPU: restart the server`,
          ),
        );
      }, ASK_DEADLINE_MS);
      this.#questions.set(id, { resolve, timer });
      this.send({ type, id });
    });
  }

  #receive(message: ToPrimary): void {
    switch (message.type) {
      case 'ready':
        this.isReady = true;
        this.#events.ready();
        break;
      case 'failed':
        this.#events.failed(new SpillwayError(message.code, message.message));
        break;
      case 'snapshot-answer':
        this.#keepCounts(message.snapshot);
        this.#settle(message.id, message.snapshot);
        break;
      case 'counts-note':
        this.#keepCounts(message.snapshot);
        break;
      case 'loop-note':
        this.loopMs = message.loopMs;
        break;
      case 'reset-done':
        this.loopMs = [0, 0];
        this.#resetsInFlight--;
        this.#settle(message.id, undefined);
        break;
      case 'ask-stats':
      case 'ask-reset':
        this.#events.asked(message.type, message.id);
        break;
    }
  }

  /** What left before a reset arrived is of the time before it. */
  #keepCounts(snapshot: ReplicaSnapshot): void {
    if (this.#resetsInFlight === 0) this.lastCounts = snapshot;
  }

  #settle(id: number, snapshot: ReplicaSnapshot | undefined): void {
    const question = this.#questions.get(id);
    if (question === undefined) return;
    this.#questions.delete(id);
    clearTimeout(question.timer);
    question.resolve(snapshot);
  }

  #exit(exitCode: number | null, signal: string | null, stderrTail: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.isReady = false;
    this.#events.exited({ pid: this.pid, exitCode, signal, stderrTail });
    for (const id of this.#questions.keys()) this.#settle(id, undefined);
    this.#gone.resolve();
  }
}

/**
 * Node.js flags to pass on: those of profilers, inspectors and memory caps, but not those of a test runner or
 * `--eval`.
 */
function inheritedFlags(flags: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < flags.length; index += 1) {
    const flag = flags[index] as string;
    if (/^(-e|--eval|-p|--print|-pe|-c|--check)$/.test(flag)) index++;
    else if (!/^(--test|--watch|--input-type|-i$|--interactive|--eval=|--print=)/.test(flag)) kept.push(flag);
  }
  return kept;
}
