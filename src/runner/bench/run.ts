// ONE RUN ON ONE MACHINE, from a plan to its report. Start reading here: a crew of workers is opened, each gets its
// share, all start at once, one that dies is replaced and what it left is run again, and the account is drawn up.

import type { AttemptLimits } from '../../model/messages.ts';
import type { Plan } from '../../model/plan.ts';
import type { RunReport, Snapshot } from '../../model/record.ts';
import { type Crew, openLocalCrew } from './crew.ts';
import { cutShort, PROCESSES_GRACE_MS, THREADS_GRACE_MS } from './cut-short.ts';
import { Ledger } from './ledger.ts';
import { Meter } from './meter.ts';
import { openProcessCrew } from './process-crew.ts';
import { ProgressReader } from './progress.ts';
import { makeReport } from './report.ts';
import { makeTasks } from './shares.ts';

export interface RunOptions {
  readonly plan: Plan;
  /** Where the trials are asked for, one entry a destination; may still be starting while the pool does. */
  readonly origins: readonly string[] | Promise<readonly string[]>;
  readonly limits: AttemptLimits;
  readonly userAgent: string;
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

export interface Run {
  /** The final account. A run that was drained or aborted still gives one; rejects only when it broke. */
  readonly report: Promise<RunReport>;
  /** Who is settled, trial by trial, for the proof. */
  readonly ledger: Ledger;
  /** Takes no new trial; what is in flight settles. */
  drain(): void;
  /** Cuts everything now. */
  abort(): void;
}

const SNAPSHOT_EVERY_MS = 100;

/** Starts a run of trials. @throws SpillwayError (through `report`) `ERR_RUN_BROKEN` when workers keep dying */
export function startRun(options: RunOptions): Run {
  const ledger = new Ledger(options.plan.trialCount, options.plan.workerCount);
  return {
    ledger,
    report: carryOut(options, ledger),
    drain: () => ledger.drain(),
    abort: () => ledger.abort(),
  };
}

async function carryOut(options: RunOptions, ledger: Ledger): Promise<RunReport> {
  const { plan } = options;
  const graceMs = plan.processCount === 1 ? THREADS_GRACE_MS : PROCESSES_GRACE_MS;
  const meter = new Meter();
  await using crew = openCrew(options, ledger);
  const tasks = makeTasks({ ...options, origins: await options.origins, ledger });
  const settling = crew.settle(tasks);

  await Promise.race([ledger.allReady(plan.workerCount), settling]);
  await options.onReady?.();
  meter.begin();
  ledger.openGate();
  const stopWatching = watch(options, ledger, meter);
  try {
    await Promise.race([ledger.allFinished(plan.workerCount), settling, cutShort(ledger, graceMs)]);
    meter.end();
    if (ledger.order !== 'abort') await options.onFinished?.();
    ledger.letClose();
    const failures = await Promise.race([settling, cutShort(ledger, graceMs)]);
    // A thread that still counted while the account is drawn up would make it contradict itself.
    if (ledger.order === 'abort') await crew[Symbol.asyncDispose]();
    meter.addElsewhere(crew.usage);
    return makeReport({ plan, ledger, meter, failures, deaths: crew.deaths });
  } finally {
    stopWatching();
  }
}

/** The threads of this process, or of several where one may not hold all the connections. */
function openCrew({ plan, workerEntry, isInProcess = false }: RunOptions, ledger: Ledger): Crew {
  const crewOptions = { plan, ledger, isInProcess, ...(workerEntry === undefined ? {} : { workerEntry }) };
  return plan.processCount === 1 ? openLocalCrew(crewOptions) : openProcessCrew(crewOptions);
}

function watch({ onSnapshot, readReplicaLoopsMs }: RunOptions, ledger: Ledger, meter: Meter): () => void {
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
