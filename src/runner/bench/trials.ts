// ONE RUN ON ONE MACHINE, from a plan to its report. Start reading here: opens a worker group, gives each worker its
// share, starts all at once, replaces a worker that dies, runs again what it left, and draws up the account.

import type { AttemptLimits } from '../../model/messages.ts';
import type { Plan } from '../../model/plan.ts';
import type { TrialsReport, Snapshot } from '../../model/record.ts';
import { type TlsTrust, USUAL_TRUST } from '../../model/messages.ts';
import { type WorkerGroup, openThreadGroup } from './worker-group.ts';
import { graceAfterAbort, PROCESSES_GRACE_MS, THREADS_GRACE_MS } from './abort-grace.ts';
import { Ledger } from './ledger.ts';
import { Meter } from './meter.ts';
import { openProcessGroup } from './process-group.ts';
import { ProgressReader } from './progress.ts';
import { makeReport } from './report.ts';
import { makeTasks } from './shares.ts';

export interface TrialsOptions {
  readonly plan: Plan;
  /** Where the trials are sent, one entry for each destination; may still be starting while the pool starts. */
  readonly origins: readonly string[] | Promise<readonly string[]>;
  readonly limits: AttemptLimits;
  readonly userAgent: string;
  /**
   * Which certificates are trusted for https origins; known once the origins are. @default those that Node.js
   * trusts
   */
  readonly tls?: () => TlsTrust;
  /** Called about ten times a second, and once at the end. */
  readonly onSnapshot?: (snapshot: Snapshot) => void;
  /** What the replicas of a server of our own last noted of their event loops: part of each snapshot. */
  readonly readReplicaLoopsMs?: () => Snapshot['replicaLoopsMs'];
  /** Called when every worker stands ready, right before the first dispatch. */
  readonly onReady?: () => void | Promise<void>;
  /** Called when every trial is settled, before any connection is closed. Not called after an abort. */
  readonly onFinished?: () => Promise<void>;
  /** The workers' file, @default the engine's own */
  readonly workerEntry?: URL;
  /** The workers' code runs in this thread, to be profiled. @default false: a thread each */
  readonly isInProcess?: boolean;
}

export interface Trials {
  /** The final account. A run that was drained or aborted still gives one; rejects only when it broke. */
  readonly report: Promise<TrialsReport>;
  /** Which trials are settled, one by one, for the proof. */
  readonly ledger: Ledger;
  /** Takes no new trial; what is in flight settles. */
  drain(): void;
  /** Cancels everything now. */
  abort(): void;
}

const SNAPSHOT_EVERY_MS = 100;

/** Starts a run of trials. @throws SpillwayError (through `report`) `ERR_RUN_BROKEN` when workers keep dying */
export function startTrials(options: TrialsOptions): Trials {
  const ledger = new Ledger(options.plan.trialCount, options.plan.workerCount);
  return {
    ledger,
    report: carryOut(options, ledger),
    drain: () => ledger.drain(),
    abort: () => ledger.abort(),
  };
}

async function carryOut(options: TrialsOptions, ledger: Ledger): Promise<TrialsReport> {
  const { plan } = options;
  const graceMs = plan.processCount === 1 ? THREADS_GRACE_MS : PROCESSES_GRACE_MS;
  const meter = new Meter();
  await using workerGroup = openWorkerGroup(options, ledger);
  const origins = await options.origins;
  const tasks = makeTasks({ ...options, origins, tls: options.tls?.() ?? USUAL_TRUST, ledger });
  const settling = workerGroup.settle(tasks);

  await Promise.race([ledger.allReady(plan.workerCount), settling]);
  await options.onReady?.();
  meter.begin();
  ledger.openGate();
  const stopWatching = watch(options, ledger, meter);
  try {
    await Promise.race([ledger.allFinished(plan.workerCount), settling, graceAfterAbort(ledger, graceMs)]);
    meter.end();
    if (ledger.order !== 'abort') await options.onFinished?.();
    ledger.letClose();
    const failures = await Promise.race([settling, graceAfterAbort(ledger, graceMs)]);
    // A thread that still counts while the account is drawn up would make it contradict itself.
    if (ledger.order === 'abort') await workerGroup[Symbol.asyncDispose]();
    meter.addElsewhere(workerGroup.usage);
    return makeReport({ plan, ledger, meter, failures, deaths: workerGroup.deaths });
  } finally {
    stopWatching();
  }
}

/** Opens threads of this process, or of several processes where one may not hold all the connections. */
function openWorkerGroup(
  { plan, workerEntry, isInProcess = false }: TrialsOptions,
  ledger: Ledger,
): WorkerGroup {
  const groupOptions = { plan, ledger, isInProcess, ...(workerEntry === undefined ? {} : { workerEntry }) };
  return plan.processCount === 1 ? openThreadGroup(groupOptions) : openProcessGroup(groupOptions);
}

function watch({ onSnapshot, readReplicaLoopsMs }: TrialsOptions, ledger: Ledger, meter: Meter): () => void {
  const progress = new ProgressReader(ledger, readReplicaLoopsMs);
  const look = () => {
    const snapshot = progress.read();
    meter.keep(snapshot);
    onSnapshot?.(snapshot);
  };
  const timer = setInterval(look, SNAPSHOT_EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
  };
}
