// Workers in further client processes, for runs whose connections do not fit in one process (the limit on open
// files holds for each process). Each process runs some of the tasks; its counts are copied into this process's
// ledger, so the rest of the run sees no difference. A process that dies is replaced, and its tasks are run again
// from the start.

import { type ChildProcess, fork } from 'node:child_process';
import { SpillwayError } from '../../model/errors.ts';
import type { TrialFailure, TrialTask } from '../../model/messages.ts';
import { splitRange } from '../../model/split.ts';
import { programUrl } from '../../program-url.ts';
import { recordDeath } from '../record-death.ts';
import { type WorkerGroup, type WorkerGroupOptions, type WorkerGroupUsage } from './worker-group.ts';
import type { Ledger } from './ledger.ts';
import { forgetTasks, takeLedgerBytes, takeTallyBytes } from './ledger-bytes.ts';
import type { FromProcess, ToProcess } from './process-messages.ts';

const entryUrl = programUrl('runner/bench/process-entry');

/** Opens as many processes as the plan says; the tasks are shared out evenly, in order. */
export function openProcessGroup(options: WorkerGroupOptions): WorkerGroup {
  return new ProcessGroup(options);
}

class ProcessGroup implements WorkerGroup {
  readonly deaths: string[] = [];
  usage: WorkerGroupUsage = { cpuUserUs: 0, cpuSystemUs: 0, peakRssBytes: 0 };
  readonly #ledger: Ledger;
  readonly #processCount: number;
  readonly #workerEntry: string | null;
  readonly #children = new Set<ChildProcess>();

  constructor({ plan, ledger, workerEntry }: WorkerGroupOptions) {
    this.#ledger = ledger;
    this.#processCount = plan.processCount;
    this.#workerEntry = workerEntry?.href ?? null;
    for (let count = 0; count < plan.processCount; count++) this.#start();
    void ledger.gateOpened.then(() => this.#tellAll({ type: 'go' }));
    void ledger.closeAllowed.then(() => this.#tellAll({ type: 'close' }));
    void ledger.drained.then(() => this.#tellAll({ type: 'drain' }));
    void ledger.aborted.then(() => this.#tellAll({ type: 'abort' }));
  }

  async settle(tasks: readonly TrialTask[]): Promise<readonly TrialFailure[]> {
    const children = [...this.#children];
    const groups = splitRange(tasks.length, this.#processCount).map(({ start, end }) =>
      tasks.slice(start, end),
    );
    const settled = groups.map((group, index) => this.#settleGroup(group, children[index] as ChildProcess));
    return (await Promise.all(settled)).flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#children].map(
        (child) =>
          new Promise<void>((resolve) => {
            child.once('exit', () => resolve());
            child.kill('SIGKILL');
          }),
      ),
    );
  }

  #start(): ChildProcess {
    const child = fork(entryUrl, { serialization: 'advanced' });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    // An error from a message to a process that has just died needs no handling: its exit is handled.
    child.on('error', () => undefined);
    return child;
  }

  #tellAll(message: ToProcess): void {
    for (const child of this.#children) tell(child, message);
  }

  /** Runs some tasks to their end, in as many processes as it takes. */
  async #settleGroup(tasks: readonly TrialTask[], child: ChildProcess): Promise<readonly TrialFailure[]> {
    try {
      return await this.#settleIn(child, tasks);
    } catch (error) {
      if (this.#ledger.order === 'abort') return [];
      if (error instanceof SpillwayError) throw error;
      recordDeath(this.deaths, 'client processes', error);
      forgetTasks(this.#ledger, tasks);
      const next = this.#start();
      const settling = this.#settleGroup(tasks, next);
      tell(next, { type: 'go' });
      return settling;
    }
  }

  #settleIn(child: ChildProcess, tasks: readonly TrialTask[]): Promise<readonly TrialFailure[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly TrialFailure[]>();
    child.once('exit', (code, signal) => reject(new Error(`a client process ended with ${signal ?? code}`)));
    child.on('message', (message: FromProcess) => {
      switch (message.type) {
        case 'ready': {
          this.#ledger.arrive(message.workerCount);
          break;
        }
        case 'finished': {
          this.#ledger.finish(message.workerCount);
          break;
        }
        case 'progress': {
          takeTallyBytes(tasks, message.tallies);
          break;
        }
        case 'settled': {
          takeLedgerBytes(this.#ledger, tasks, message.ledger);
          this.deaths.push(...message.deaths);
          this.#addUsage(message.usage);
          resolve(message.failures);
          break;
        }
        case 'broken': {
          reject(new SpillwayError('ERR_RUN_BROKEN', message.message));
          break;
        }
      }
    });
    tell(child, {
      type: 'settle',
      tasks: tasks.map(({ ledger: _ledger, account: _account, ...task }) => task),
      trialCount: this.#ledger.trialCount,
      workerEntry: this.#workerEntry,
    });
    // Repeats an earlier order: the process had no ledger when it was given, or did not exist yet.
    const { order } = this.#ledger;
    if (order !== 'run') tell(child, { type: order });
    return promise;
  }

  #addUsage(more: WorkerGroupUsage): void {
    this.usage = {
      cpuUserUs: this.usage.cpuUserUs + more.cpuUserUs,
      cpuSystemUs: this.usage.cpuSystemUs + more.cpuSystemUs,
      peakRssBytes: this.usage.peakRssBytes + more.peakRssBytes,
    };
  }
}

function tell(child: ChildProcess, message: ToProcess): void {
  if (child.connected) child.send(message);
}
