// Measures one case: starts its server, runs every entry once a round, in another order each round, and stops it.
// The machine is left quiet between two runs, and what it did during each is kept beside the figures.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quietPort, readCounters, readLoadAverage1Min, readTimeWaitCount } from './machine.ts';
import { measureProcess, type ProcessRun } from './measure-process.ts';
import type { Answered, Job, Measurement } from './measurement.ts';
import { PROGRAMS, whyMissing, type Program } from './programs.ts';
import { startServer, type RunningServer } from './servers.ts';
import type { Entry, SuiteCase } from './suites.ts';

export interface CaseOptions {
  readonly roundCount: number;
  /** Names of entries, or of programs; all when empty. */
  readonly only: readonly string[];
  /** Longest wait for a quiet machine before each run. */
  readonly quietLimitMs: number;
  readonly scratchDir: string;
  readonly say: (line: string) => void;
}

export interface CaseRun {
  readonly serverCommand: readonly string[];
  readonly serverConfiguration: string | null;
  readonly measurements: readonly Measurement[];
  /** Why an entry was not run, by its name. */
  readonly absent: ReadonlyMap<string, string>;
}

/** Connections the server may still hold while the next run starts: the one that asks it, and a straggler. */
const IDLE_CONNECTION_COUNT = 2;

export async function runCase(suiteCase: SuiteCase, options: CaseOptions): Promise<CaseRun> {
  const absent = findAbsent(suiteCase, options.only);
  const present = suiteCase.entries.filter((entry) => !absent.has(entry.name));
  for (const [name, reason] of absent) options.say(`  not measured: ${name}: ${reason}`);
  const nothing: CaseRun = { serverCommand: [], serverConfiguration: null, measurements: [], absent };
  const [first] = present;
  if (first === undefined) return nothing;

  let server: RunningServer;
  mkdirSync(options.scratchDir, { recursive: true });
  try {
    server = await startServer(suiteCase.server, options.scratchDir);
  } catch (error) {
    const reason = `its server did not start: ${error instanceof Error ? error.message : String(error)}`;
    options.say(`  not measured: ${reason}`);
    return {
      ...nothing,
      absent: new Map(suiteCase.entries.map((entry) => [entry.name, absent.get(entry.name) ?? reason])),
    };
  }
  const measurements: Measurement[] = [];
  try {
    // The first run finds the server cold (compiled nothing, allocated nothing): it is not kept.
    await measureEntry(suiteCase, first, -1, server, options);
    for (let round = 0; round < options.roundCount; round += 1) {
      options.say(`  round ${round + 1} of ${options.roundCount}, load ${readLoadAverage1Min().toFixed(2)}`);
      for (const entry of rotate(present, round)) {
        const measurement = await measureEntry(suiteCase, entry, round, server, options);
        measurements.push(measurement);
        options.say(`    ${describeRun(measurement)}`);
      }
    }
  } finally {
    await server.stop();
    rmSync(options.scratchDir, { recursive: true, force: true });
  }
  return { serverCommand: server.command, serverConfiguration: server.configuration, measurements, absent };
}

/** The entries from the one at `round` on, and then those before it. */
export function rotate<T>(items: readonly T[], round: number): T[] {
  const start = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

function findAbsent(suiteCase: SuiteCase, only: readonly string[]): Map<string, string> {
  const absent = new Map<string, string>();
  for (const { name, program } of suiteCase.entries) {
    const isLeftOut = only.length > 0 && !only.includes(name) && !only.includes(program);
    const reason = isLeftOut ? 'left out by --only' : whyMissing(program);
    if (reason !== null) absent.set(name, reason);
  }
  return absent;
}

async function measureEntry(
  suiteCase: SuiteCase,
  entry: Entry,
  round: number,
  server: RunningServer,
  options: CaseOptions,
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

/** nginx counts the question itself, once in the difference of two answers. */
function sawCount(suiteCase: SuiteCase, before: number, after: number): number {
  return after - before - (suiteCase.server.kind === 'nginx' ? 1 : 0);
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
    return { answered: null, problem: `it could not be started: ${lastLine(run.stderr)}` };
  let answered: Answered;
  try {
    answered = program.parse(program.writesRecord === true ? readFileSync(recordPath, 'utf8') : run.stdout);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      answered: null,
      problem: `exit code ${run.account.exitCode}, no figures: ${lastLine(run.stderr) || reason}`,
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

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function describeRun(measurement: Measurement): string {
  const { account, answered, entry, problem, surroundings } = measurement;
  if (problem !== null || account === null || answered === null) return `${entry}: failed: ${problem ?? ''}`;
  const cpuUs = (account.userUs + account.systemUs) / answered.okCount;
  return [
    `${entry}: ${Math.round(answered.innerWallMs ?? account.wallMs)} ms`,
    `${cpuUs.toFixed(1)} us a request`,
    `${Math.round(account.peakRssBytes / 1e6)} MB`,
    ...(surroundings.synRetransCount > 0 ? [`${surroundings.synRetransCount} handshakes repeated`] : []),
    ...(surroundings.stealMs > 0 ? [`${surroundings.stealMs} ms stolen`] : []),
  ].join(', ');
}
