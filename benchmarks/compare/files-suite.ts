// Files to disk, side by side: spillway fetch, curl --parallel, aria2c and wget2 on the same nginx. Each program
// runs once in each round, in changing order, in its own process into an empty directory; every file is then
// compared by size.
//
//     node benchmarks/compare/files-suite.ts [--rounds 5] [--case small] [--out DIR]

import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { shuffle } from '../../src/measure/statistics.ts';
import {
  type DiskCase,
  type DiskRun,
  findMissing,
  makeServedDir,
  measureToDisk,
  runDiskSuite,
  settleDisk,
  showSpread,
} from './disk-suite.ts';
import { startFileServer } from './file-server.ts';
import { findOnPath } from './programs.ts';
import { pairedRatios, summarize } from './statistics.ts';

interface FilesCase extends DiskCase {
  /** Requests open at once, the same for all. */
  readonly inFlight: number;
}

const CASES: readonly FilesCase[] = [
  { name: 'small', fileCount: 10_000, bytes: 10_240, inFlight: 64 },
  { name: 'large', fileCount: 200, bytes: 10 * 1024 * 1024, inFlight: 16 },
];

interface Paths {
  /** Empty at the start of each run. */
  readonly out: string;
  readonly list: string;
  readonly curlList: string;
}

/** Not a program to choose: what Node needs at least, where a body comes in one read. */
const BARE_LOOP = 'bare loop';

const PROGRAMS: Readonly<Record<string, (paths: Paths, files: FilesCase) => readonly string[]>> = {
  'spillway x1': ({ out, list }, { inFlight }) => spillway(out, list, inFlight, 1),
  [`spillway x${availableParallelism()}`]: ({ out, list }, { inFlight }) =>
    spillway(out, list, inFlight, availableParallelism()),
  curl: ({ curlList }, { inFlight }) => [
    ...`curl --silent --show-error --fail --parallel --parallel-max ${inFlight} --config`.split(' '),
    curlList,
  ],
  aria2c: ({ out, list }, { inFlight }) => [
    ...`aria2c --quiet --file-allocation=none --max-concurrent-downloads=${inFlight}`.split(' '),
    `--dir=${out}`,
    `--input-file=${list}`,
  ],
  wget2: ({ out, list }, { inFlight }) => [
    ...`wget2 --quiet --no-config --max-threads=${inFlight}`.split(' '),
    `--directory-prefix=${out}`,
    `--input-file=${list}`,
  ],
  [BARE_LOOP]: ({ out, list }, { inFlight }) => [
    'node',
    'benchmarks/compare/bare-loop.mjs',
    list,
    out,
    String(inFlight),
  ],
};

function spillway(out: string, list: string, inFlight: number, cores: number): string[] {
  const numbers = [
    '--max-in-flight',
    String(inFlight),
    '--per-origin',
    String(inFlight),
    '--cores',
    String(cores),
  ];
  return ['node', 'dist/cli/main.js', 'fetch', list, '--to', out, ...numbers, '--quiet'];
}

interface FilesRun extends DiskRun {
  readonly program: string;
}

await runDiskSuite({
  name: 'files',
  title: 'Files to disk, side by side',
  cases: CASES,
  roundCount: 5,
  runCase,
  renderCase,
});

async function runCase(files: FilesCase, roundCount: number, scratch: string): Promise<FilesRun[]> {
  const www = makeServedDir();
  for (let n = 0; n < files.fileCount; n++) writeFileSync(join(www, `${n}`), randomBytes(files.bytes));
  const server = await startFileServer(www, scratch);
  const names = Object.keys(PROGRAMS).filter((name) =>
    name === BARE_LOOP ? files.name === 'small' : name.startsWith('spillway') || findOnPath(name) !== null,
  );
  const runs: FilesRun[] = [];
  try {
    let turn = 0;
    const nextPaths = () => writeLists(server.origin, files, join(scratch, `${files.name}-${turn++}`));
    // The first one finds the server and the page cache cold, and is not kept.
    await runOnce('curl', -1, files, nextPaths());
    for (let round = 0; round < roundCount; round++) {
      // In a row that only rotates, each would always come after the same one.
      for (const name of shuffle(names, Math.random)) {
        const run = await runOnce(name, round, files, nextPaths());
        runs.push(run);
        process.stderr.write(
          `${files.name} ${round} ${name}: ${Math.round(run.wallMs)} ms, ${run.cpuUsPerFile.toFixed(0)} us a file${run.problem === null ? '' : `: ${run.problem}`}\n`,
        );
      }
    }
  } finally {
    server.stop();
    rmSync(www, { recursive: true, force: true });
  }
  return runs;
}

/**
 * Every run gets a directory of its own, and none of many files is removed before the end: for a minute after a removal
 * ext4 looks past each inode that was freed, and creating a file costs 300 us instead of 50.
 */
function writeLists(origin: string, { fileCount }: FilesCase, out: string): Paths {
  const scratch = dirname(out);
  const urls = Array.from({ length: fileCount }, (_, n) => `${origin}/${n}`);
  const list = join(scratch, 'urls.txt');
  writeFileSync(list, `${urls.join('\n')}\n`);
  const curlList = join(scratch, 'curl.conf');
  writeFileSync(
    curlList,
    urls.map((url, n) => `url = "${url}"\noutput = "${join(out, String(n))}"\n`).join(''),
  );
  return { out, list, curlList };
}

async function runOnce(program: string, round: number, files: FilesCase, paths: Paths): Promise<FilesRun> {
  mkdirSync(paths.out);
  settleDisk();
  const command = PROGRAMS[program]?.(paths, files) ?? [];
  const run = await measureToDisk(command, files);
  const problem = run.problem ?? findMissing(paths.out, files);
  // What is left of many small files slows down whoever comes next; 50 GB of large ones leave no room for them.
  if (files.fileCount < 1000) rmSync(paths.out, { recursive: true });
  return { program, round, ...run, problem };
}

function renderCase(files: FilesCase, runs: readonly FilesRun[], roundCount: number): string {
  const ours = [...new Set(runs.map(({ program }) => program))].filter((name) => name.startsWith('spillway'));
  const valuesOf = (program: string, read: (run: FilesRun) => number) =>
    Array.from({ length: roundCount }, (_, round) => {
      const run = runs.find((each) => each.program === program && each.round === round);
      return run === undefined || run.problem !== null ? null : read(run);
    });
  const lines = [
    `## ${files.fileCount} files of ${files.bytes} bytes, ${files.inFlight} at once`,
    '',
    `| program | files a second | CPU a file, us | peak memory, MB | ${ours.map((name) => `wall of ${name}, times this`).join(' | ')} |`,
    `|---|---|---|---|${ours.map(() => '---|').join('')}`,
  ];
  for (const program of new Set(runs.map((run) => run.program))) {
    const show = (read: (run: FilesRun) => number) =>
      showSpread(valuesOf(program, read).filter((value) => value !== null));
    const ratios = ours.map((name) => {
      const paired = pairedRatios(
        valuesOf(name, (run) => run.wallMs),
        valuesOf(program, (run) => run.wallMs),
      );
      return paired.length === 0 ? '' : summarize(paired).median.toFixed(2);
    });
    lines.push(
      `| ${program} | ${show(({ wallMs }) => (files.fileCount * 1000) / wallMs)} | ${show((run) => run.cpuUsPerFile)} | ${show((run) => run.peakRssBytes / 1e6)} | ${ratios.join(' | ')} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}
