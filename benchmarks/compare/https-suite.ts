// https, side by side: many files from a near server, and from a far one behind a delaying proxy, over HTTP/1.1 and
// HTTP/2, by spillway and curl. Bodies go to memory (tmpfs), each run into an empty directory; every file is
// compared by size.
//
//     node benchmarks/compare/https-suite.ts [--rounds 5] [--case near] [--out DIR]

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shuffle } from '../../src/measure/statistics.ts';
import {
  type DiskCase,
  type DiskRun,
  findMissing,
  makeServedDir,
  measureToDisk,
  runDiskSuite,
  showSpread,
} from './disk-suite.ts';
import { endWithUs } from './end-with-us.ts';
import { startFileServer } from './file-server.ts';
import { pairedRatios, summarize } from './statistics.ts';

interface HttpsCase extends DiskCase {
  /** Each way; 0 for a server beside us. */
  readonly delayMs: number;
  /** Requests open at once, the same for all; null for what each finds best. */
  readonly inFlight: number | null;
  /** Connections that the server takes, the same for all; null for as many as are asked for. */
  readonly connections: number | null;
}

const FAR = { bytes: 10_240, fileCount: 1_000 } as const;
const CASES: readonly HttpsCase[] = [
  { name: 'near', bytes: 10_240, fileCount: 10_000, delayMs: 0, inFlight: 64, connections: 64 },
  { name: 'far-20', ...FAR, delayMs: 20, inFlight: null, connections: null },
  { name: 'far-20-six', ...FAR, delayMs: 20, inFlight: 6, connections: 6 },
  { name: 'far-100', ...FAR, delayMs: 100, inFlight: null, connections: null },
  { name: 'far-100-six', ...FAR, delayMs: 100, inFlight: 6, connections: 6 },
];

interface Paths {
  readonly out: string;
  readonly list: string;
  readonly curlList: string;
  readonly caFile: string;
}

const PROGRAMS: Readonly<Record<string, (paths: Paths, files: HttpsCase) => readonly string[]>> = {
  spillway: (paths, { inFlight }) => spillway(paths, inFlight),
  // Streams are no connections: the server's bound on connections is none on them.
  'spillway --http2': (paths, { connections, inFlight }) =>
    spillway(paths, connections === 6 ? 64 : inFlight, '--http2'),
  'curl --http1.1': (paths, { inFlight }) => curl(paths, inFlight ?? 64, '--http1.1'),
  'curl --http2': (paths, { connections, inFlight }) =>
    curl(paths, connections === 6 ? 64 : (inFlight ?? 64), '--http2'),
};

function spillway({ caFile, list, out }: Paths, inFlight: number | null, ...options: string[]): string[] {
  const bounds = inFlight === null ? [] : ['--max-in-flight', `${inFlight}`, '--per-origin', `${inFlight}`];
  return [
    'node',
    'dist/cli/main.js',
    'fetch',
    list,
    '--to',
    out,
    '--ca',
    caFile,
    '--quiet',
    ...bounds,
    ...options,
  ];
}

function curl({ caFile, curlList }: Paths, inFlight: number, version: string): string[] {
  return [
    ...`curl --silent --show-error --fail --parallel --parallel-max ${inFlight} ${version}`.split(' '),
    '--cacert',
    caFile,
    '--config',
    curlList,
  ];
}

interface HttpsRun extends DiskRun {
  readonly program: string;
}

await runDiskSuite({
  name: 'https',
  title: 'https, side by side',
  cases: CASES,
  roundCount: 5,
  runCase,
  renderCase,
});

async function runCase(files: HttpsCase, roundCount: number, scratch: string): Promise<HttpsRun[]> {
  const www = makeServedDir();
  for (let n = 0; n < files.fileCount; n++) writeFileSync(join(www, `${n}`), randomBytes(files.bytes));
  const memory = mkdtempSync('/dev/shm/spillway-https-');
  const server = await startFileServer(www, scratch);
  const { caFile, origin: near } = server.secure;
  const proxy = files.delayMs === 0 ? null : await startProxy(Number(new URL(near).port), files.delayMs);
  const origin = proxy?.origin ?? near;
  const runs: HttpsRun[] = [];
  try {
    let turn = 0;
    for (let round = -1; round < roundCount; round++) {
      for (const program of round < 0 ? ['spillway'] : shuffle(Object.keys(PROGRAMS), Math.random)) {
        const paths = writeLists(origin, files, join(memory, `${turn++}`), caFile);
        const run = await measureToDisk(PROGRAMS[program]?.(paths, files) ?? [], files);
        const problem = run.problem ?? findMissing(paths.out, files);
        rmSync(paths.out, { recursive: true });
        // The first one finds the server cold, and is not kept.
        if (round >= 0) runs.push({ program, round, ...run, problem });
        process.stderr.write(
          `${files.name} ${round} ${program}: ${Math.round(run.wallMs)} ms ${problem ?? ''}\n`,
        );
      }
    }
  } finally {
    proxy?.stop();
    server.stop();
    for (const directory of [www, memory]) rmSync(directory, { recursive: true, force: true });
  }
  return runs;
}

async function startProxy(port: number, delayMs: number): Promise<{ readonly origin: string; stop(): void }> {
  const program = join(import.meta.dirname, 'delaying-proxy.ts');
  const child = spawn(process.execPath, [program, `${port}`, `${delayMs}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const forget = endWithUs(() => void child.kill('SIGTERM'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    origin: `https://127.0.0.1:${Number(line.toString())}`,
    stop: () => {
      forget();
      child.kill('SIGTERM');
    },
  };
}

function writeLists(origin: string, { fileCount }: HttpsCase, out: string, caFile: string): Paths {
  mkdirSync(out);
  const urls = Array.from({ length: fileCount }, (_, n) => `${origin}/${n}`);
  const list = `${out}.txt`;
  writeFileSync(list, `${urls.join('\n')}\n`);
  const curlList = `${out}.conf`;
  writeFileSync(curlList, urls.map((url, n) => `url = "${url}"\noutput = "${join(out, `${n}`)}"\n`).join(''));
  return { out, list, curlList, caFile };
}

function renderCase(files: HttpsCase, runs: readonly HttpsRun[], roundCount: number): string {
  const valuesOf = (program: string, read: (run: HttpsRun) => number) =>
    Array.from({ length: roundCount }, (_, round) => {
      const run = runs.find((each) => each.program === program && each.round === round);
      return run === undefined || run.problem !== null ? null : read(run);
    });
  const far = files.delayMs === 0 ? 'near' : `${files.delayMs} ms away each way`;
  const connections =
    files.connections === null ? '' : `, at most ${files.connections} connections of HTTP/1.1`;
  const lines = [
    `## ${files.fileCount} files of ${files.bytes} bytes, ${far}${connections}`,
    '',
    '| program | wall, s | CPU a file, us | peak memory, MB | wall of spillway, times this |',
    '|---|---|---|---|---|',
  ];
  const ours = valuesOf('spillway', ({ wallMs }) => wallMs);
  for (const program of Object.keys(PROGRAMS)) {
    const show = (read: (run: HttpsRun) => number, digits = 0) =>
      showSpread(
        valuesOf(program, read).filter((value) => value !== null),
        digits,
      );
    const paired = pairedRatios(
      ours,
      valuesOf(program, ({ wallMs }) => wallMs),
    );
    const ratio = paired.length === 0 ? '' : summarize(paired).median.toFixed(2);
    lines.push(
      `| ${program} | ${show(({ wallMs }) => wallMs / 1000, 2)} | ${show((run) => run.cpuUsPerFile)} | ${show((run) => run.peakRssBytes / 1e6)} | ${ratio} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}
