// The programs that are compared: where each comes from, the command that shows its version, the command that does
// a job, and how its output is read. A table, so that a new program is one more row.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Answered, Job, Settings } from './measurement.ts';
import {
  parseAb,
  parseAiohttp,
  parseAutocannon,
  parseH2load,
  parseHey,
  parseSpillway,
  parseWrk,
} from './parse-output.ts';
import { repositoryDir } from './repository.ts';

/** Everything a command line is made from. Paths in it are relative to the repository. */
export interface CommandContext {
  /** Empty where the program starts its own server. */
  readonly origin: string;
  /** How long the server waits with each answer. */
  readonly delayMs: number;
  readonly job: Job;
  readonly settings: Settings;
  /** Where spillway writes its record. */
  readonly recordPath: string;
}

export interface Program {
  readonly from: 'Debian' | 'npm' | 'this repository';
  /** The package that brings it. */
  readonly packageName: string;
  /** The command's executable on the PATH, or a file of this repository. */
  readonly executable: string;
  readonly command: (context: CommandContext) => readonly string[];
  /** @throws Error when the output is not what this program prints. */
  readonly parse: (output: string) => Answered;
  /** It ends after a time and not after a number of requests, so any count is a right one. */
  readonly isTimed?: boolean;
  /** Its figures are in the record it writes, not in its output. */
  readonly writesRecord?: boolean;
}

const AUTOCANNON = 'benchmarks/compare/node_modules/autocannon/autocannon.js';
const SPILLWAY = 'dist/cli/main.js';
const AIOHTTP = 'benchmarks/compare/aiohttp_gather.py';
const CLIENTS = 'benchmarks/compare/python/clients.py';
/** Debian's own interpreter: its packages are not seen by any other that the PATH may name first. */
export const PYTHON = '/usr/bin/python3';
/** A session for every hundred requests, as a program that spreads its connectors does. */
const AIOHTTP_TRIALS_A_SESSION = 100;

export const PROGRAMS = {
  h2load: {
    from: 'Debian',
    packageName: 'nghttp2-client',
    executable: 'h2load',
    command: ({ origin, job, settings }) => [
      'h2load',
      ...(job.family === 'h2c' ? [] : ['--h1']),
      ...options({
        '-n': job.trialCount,
        '-c': job.connectionCount,
        '-m': job.depth,
        '-t': threads(settings),
      }),
      url(origin, job),
    ],
    parse: parseH2load,
  },
  ab: {
    from: 'Debian',
    packageName: 'apache2-utils',
    executable: 'ab',
    command: ({ origin, job }) => [
      ...'ab -q -l -r -k'.split(' '),
      ...options({ '-s': 60, '-n': job.trialCount, '-c': job.connectionCount }),
      url(origin, job),
    ],
    parse: parseAb,
  },
  hey: {
    from: 'Debian',
    packageName: 'hey',
    executable: 'hey',
    command: ({ origin, job, settings }) => [
      'hey',
      ...options({ '-n': job.trialCount, '-c': job.connectionCount, '-cpus': threads(settings), '-t': 60 }),
      url(origin, job),
    ],
    parse: parseHey,
  },
  wrk: {
    from: 'Debian',
    packageName: 'wrk',
    executable: 'wrk',
    command: ({ origin, job, settings }) => [
      'wrk',
      ...options({ '-t': threads(settings), '-c': job.connectionCount }),
      '-d',
      `${Math.max(1, Math.round((job.durationMs ?? 5000) / 1000))}s`,
      url(origin, job),
    ],
    parse: parseWrk,
    isTimed: true,
  },
  autocannon: {
    from: 'npm',
    packageName: 'autocannon',
    executable: AUTOCANNON,
    command: ({ origin, job, settings }) => [
      ...`node ${AUTOCANNON} --json --no-progress`.split(' '),
      // Its end is rounded up to its next sample; a second of that would be a third of a short run.
      ...options({ '-L': 10, '-t': 60, '-a': job.trialCount, '-c': job.connectionCount, '-p': job.depth }),
      ...(threads(settings) > 1 ? ['-w', String(threads(settings))] : []),
      url(origin, job),
    ],
    parse: parseAutocannon,
  },
  aiohttp: {
    from: 'Debian',
    packageName: 'python3-aiohttp',
    executable: PYTHON,
    command: ({ origin, job }) => [
      PYTHON,
      AIOHTTP,
      origin,
      String(job.trialCount),
      String(Math.max(1, Math.round(job.trialCount / AIOHTTP_TRIALS_A_SESSION))),
    ],
    parse: parseAiohttp,
  },
  python: {
    from: 'Debian',
    packageName: 'python3-aiohttp',
    executable: PYTHON,
    command: ({ origin, job, settings }) => {
      const [way = 'gather', count = '1'] = settings.options ?? [];
      return [PYTHON, CLIENTS, way, origin, String(job.trialCount), count];
    },
    parse: parseAiohttp,
  },
  spillway: {
    from: 'this repository',
    packageName: 'spillway',
    executable: SPILLWAY,
    command: ({ origin, delayMs, job, settings, recordPath }) => [
      ...`node ${SPILLWAY} bench`.split(' '),
      ...options({ '--trials': job.trialCount, '--cores': threads(settings) }),
      ...`--family ${job.family} --transport ${settings.transport ?? 'auto'}`.split(' '),
      ...options({ '--connections': job.connectionCount, '--pipelining': job.depth }),
      ...(settings.options ?? []),
      ...(origin === '' ? [] : ['--origin', origin]),
      '--delay',
      `${delayMs}ms`,
      '--json',
      recordPath,
    ],
    parse: parseSpillway,
    writesRecord: true,
  },
} as const satisfies Record<string, Program>;

export type ProgramName = keyof typeof PROGRAMS;

/** Why the program cannot be run here, in words for the report; null when it can. */
export function whyMissing(name: ProgramName): string | null {
  const program: Program = PROGRAMS[name];
  if (name === 'spillway') {
    return isReadable(join(repositoryDir, SPILLWAY)) ? null : `${SPILLWAY} is not built; run npm run build`;
  }
  if (program.from === 'npm') {
    if (isReadable(join(repositoryDir, program.executable))) return null;
  } else if (
    findOnPath(program.executable) !== null &&
    ((name !== 'aiohttp' && name !== 'python') || hasAiohttp())
  ) {
    return null;
  }
  return `${program.packageName} is not installed; run npm run compare -- --setup`;
}

/** The installed version of the package the program comes from. */
export function readVersion(name: ProgramName): string {
  const program: Program = PROGRAMS[name];
  if (program.from === 'Debian') return readDebianVersion(program.packageName);
  const manifest = program.from === 'npm' ? join(program.executable, '..', 'package.json') : 'package.json';
  const { version } = JSON.parse(readFileSync(join(repositoryDir, manifest), 'utf8')) as { version: string };
  return version;
}

export function readDebianVersion(packageName: string): string {
  try {
    return execFileSync('dpkg-query', ['-W', '-f', '${Version}', packageName], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch {
    return 'unknown: not from a Debian package';
  }
}

/** The file an executable's name stands for, as a shell would find it; null when there is none. */
export function findOnPath(executable: string): string | null {
  if (executable.includes('/')) return isReadable(executable) ? executable : null;
  for (const directory of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    const file = join(directory, executable);
    if (directory !== '' && isReadable(file, constants.X_OK)) return file;
  }
  return null;
}

function hasAiohttp(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import aiohttp'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function isReadable(file: string, mode: number = constants.R_OK): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

function options(values: Readonly<Record<string, number>>): string[] {
  return Object.entries(values).flatMap(([flag, value]) => [flag, String(value)]);
}

function threads(settings: Settings): number {
  return settings.threadCount ?? 1;
}

/** Programs that know one URL fetch the last trial's, whose path is as long as any. */
function url(origin: string, job: Job): string {
  return `${origin}/${job.trialCount - 1}`;
}
