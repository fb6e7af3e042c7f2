// One run of one entry: makes the command, waits for a quiet machine, measures the process, and judges its output.
// A run in which a request is missing gives no figure.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quietPort, readCounters, readLoadAverage1Min, readTimeWaitCount } from './machine.ts';
import { measureProcess, type ProcessRun } from './measure-process.ts';
import type { Answered, Job, Measurement } from './measurement.ts';
import { PROGRAMS, type Program } from './programs.ts';
import type { RunningServer } from './servers.ts';
import { summarize } from './statistics.ts';
import type { Entry, SuiteCase } from './suite.ts';

export interface EntryOptions {
  /** Longest wait for a quiet machine before each run. */
  readonly quietLimitMs: number;
  /** Where programs leave their records. */
  readonly scratchDir: string;
}

/** Connections the server may still hold while the next run starts: the one that asks it, and a straggler. */
const IDLE_CONNECTION_COUNT = 2;

/** A run of so few requests that nearly all of its CPU is the program's start and end. */
const START_UP_RUN_COUNT = 3;

/**
 * CPU a program uses whatever it is asked: the median of a few runs of one request a thread. Taken off the CPU of its
 * runs it leaves what the requests cost, by the same rule for a program of 1 ms and for one with a runtime to start.
 * @returns null when such a run fails; 0 for a program that cannot be asked for a number of requests
 */
export async function measureStartUpCpuUs(
  suiteCase: SuiteCase,
  entry: Entry,
  server: RunningServer,
  options: EntryOptions,
): Promise<number | null> {
  const program: Program = PROGRAMS[entry.program];
  if (program.isTimed === true) return 0;
  const count = entry.settings.threadCount ?? 1;
  const small = { ...entry, job: { ...entry.job, trialCount: count, connectionCount: count } };
  const figures: number[] = [];
  for (let index = 0; index < START_UP_RUN_COUNT; index += 1) {
    const { account, problem } = await measureEntry(suiteCase, small, -1, 0, server, options);
    if (account === null || problem !== null) return null;
    figures.push(account.userUs + account.systemUs);
  }
  return summarize(figures).median;
}

/** One run of one entry, with what the machine and the server did meanwhile. */
export async function measureEntry(
  suiteCase: SuiteCase,
  entry: Entry,
  round: number,
  startUpCpuUs: number | null,
  server: RunningServer,
  options: EntryOptions,
): Promise<Measurement> {
  const program: Program = PROGRAMS[entry.program];
  const job: Job = { ...suiteCase.job, ...entry.job };
  const recordPath = join(options.scratchDir, 'record.json');
  rmSync(recordPath, { force: true });
  const command = program.command({
    origin: server.origin,
    delayMs: suiteCase.server.delayMs,
    job,
    settings: entry.settings,
    recordPath,
  });

  await quietPort(server.port, options.quietLimitMs);
  const countBefore = await idleCount(server);
  const timeWaitCount = readTimeWaitCount();
  const before = readCounters();
  const loadAverage1Min = readLoadAverage1Min();
  const serverCpuBeforeUs = server.readCpuUs();
  const run = await measureProcess(command, { timeoutMs: suiteCase.timeoutMs, core: suiteCase.clientCore });
  const serverCpuAfterUs = server.readCpuUs();
  const after = readCounters();
  const countAfter = await server.readCounts();

  const { answered, problem } = judgeRun(program, job, run, recordPath);
  return {
    entry: entry.name,
    round,
    command,
    account: run.account,
    startUpCpuUs,
    answered,
    surroundings: {
      loadAverage1Min,
      stealMs: after.stealMs - before.stealMs,
      timeWaitCount,
      synRetransCount: after.synRetransCount - before.synRetransCount,
      listenOverflowCount: after.listenOverflowCount - before.listenOverflowCount,
    },
    serverCpuUs:
      serverCpuBeforeUs === null || serverCpuAfterUs === null ? null : serverCpuAfterUs - serverCpuBeforeUs,
    serverSawCount:
      countBefore === null || countAfter === null
        ? null
        : sawCount(suiteCase, countBefore, countAfter.requestCount),
    problem,
  };
}

/** nginx counts the question itself, once in the difference of two answers. A client may have set a server back to 0. */
function sawCount(suiteCase: SuiteCase, before: number, after: number): number | null {
  const difference = after - before - (suiteCase.server.kind === 'nginx' ? 1 : 0);
  return difference < 0 ? null : difference;
}

/** Waits, a few seconds at most, until the server has let go of the run before; gives its request count. */
async function idleCount(server: RunningServer): Promise<number | null> {
  const deadlineMs = performance.now() + 5000;
  for (;;) {
    const counts = await server.readCounts();
    if (counts === null) return null;
    if (counts.connectionCount <= IDLE_CONNECTION_COUNT || performance.now() > deadlineMs)
      return counts.requestCount;
    await sleep(100);
  }
}

/** What the run's output says, and why its figures do not count, if they do not. Pure but for the record it reads. */
function judgeRun(
  program: Program,
  job: Job,
  run: ProcessRun,
  recordPath: string,
): { answered: Answered | null; problem: string | null } {
  if (run.isTimedOut) return { answered: null, problem: 'it was ended because it took too long' };
  if (run.account === null)
    return { answered: null, problem: `it could not be started: ${lastWords(run.stderr)}` };
  let answered: Answered;
  try {
    answered = program.parse(program.writesRecord === true ? readFileSync(recordPath, 'utf8') : run.stdout);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      answered: null,
      problem: `exit code ${run.account.exitCode}, no figures: ${lastWords(run.stderr) || reason}`,
    };
  }
  return { answered, problem: whyNotWhole(job, answered, run.account.exitCode, program.isTimed === true) };
}

/** Why a run is not what was asked for: every request answered well, no more and no fewer. */
export function whyNotWhole(job: Job, answered: Answered, exitCode: number, isTimed: boolean): string | null {
  if (answered.failedCount > 0) {
    return `${answered.failedCount} requests failed${answered.complaint === null ? '' : `: ${answered.complaint}`}`;
  }
  if (answered.complaint !== null) return answered.complaint;
  if (exitCode !== 0) return `exit code ${exitCode}`;
  if (answered.okCount === 0) return 'no request was answered';
  if (!isTimed && answered.okCount !== job.trialCount) {
    return `${answered.okCount} answers to ${job.trialCount} requests`;
  }
  return null;
}

/** The end of what a program said, on one line. */
function lastWords(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').slice(-300);
}
