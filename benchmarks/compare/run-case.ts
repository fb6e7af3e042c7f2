// Measures one case: starts its server, runs every entry once in each round, in changing order, and stops it. Waits
// for a quiet machine between runs, and records the activity of the machine beside the figures.
import { mkdirSync, rmSync } from 'node:fs';
import { readLoadAverage1Min } from './machine.ts';
import { readMetric, type Measurement } from './measurement.ts';
import { whyMissing } from './programs.ts';
import { measureEntry, measureStartUpCpuUs, type EntryOptions } from './run-entry.ts';
import { startServer, type RunningServer } from './servers.ts';
import type { SuiteCase } from './suite.ts';

export interface CaseOptions extends EntryOptions {
  readonly roundCount: number;
  /** Names of entries, or of programs; all when empty. */
  readonly only: readonly string[];
  readonly say: (line: string) => void;
}

export interface CaseRun {
  readonly serverCommand: readonly string[];
  readonly serverConfiguration: string | null;
  readonly measurements: readonly Measurement[];
  /** Why an entry was not run, by its name. */
  readonly absent: ReadonlyMap<string, string>;
}

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
    await measureEntry(suiteCase, first, -1, null, server, options);
    const startUpCpuUs = new Map<string, number | null>();
    for (const entry of present) {
      startUpCpuUs.set(entry.name, await measureStartUpCpuUs(suiteCase, entry, server, options));
    }
    for (let round = 0; round < options.roundCount; round += 1) {
      options.say(`  round ${round + 1} of ${options.roundCount}, load ${readLoadAverage1Min().toFixed(2)}`);
      for (const entry of rotate(present, round)) {
        const measurement = await measureEntry(
          suiteCase,
          entry,
          round,
          startUpCpuUs.get(entry.name) ?? null,
          server,
          options,
        );
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

function describeRun(measurement: Measurement): string {
  const { account, entry, problem, surroundings } = measurement;
  const wallMs = readMetric(measurement, 'wallMs');
  const wholeCpuUs = readMetric(measurement, 'cpuUsPerRequest');
  const cpuUs = readMetric(measurement, 'runCpuUsPerRequest') ?? wholeCpuUs;
  if (account === null || wallMs === null || cpuUs === null) return `${entry}: failed: ${problem ?? ''}`;
  return [
    `${entry}: ${Math.round(wallMs)} ms`,
    `${cpuUs.toFixed(1)} us a request (${wholeCpuUs?.toFixed(1)} with start-up)`,
    `${Math.round(account.peakRssBytes / 1e6)} MB`,
    ...(surroundings.synRetransCount > 0 ? [`${surroundings.synRetransCount} handshakes repeated`] : []),
    ...(surroundings.stealMs > 0 ? [`${surroundings.stealMs} ms stolen`] : []),
  ].join(', ');
}
