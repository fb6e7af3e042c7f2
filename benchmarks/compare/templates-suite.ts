// Long templates to disk, from nginx and from our own server; after each run `spillway verify` must confirm that
// every file is there and matches the record. Compares no other program: files-suite.ts does.
//
//     node benchmarks/compare/templates-suite.ts [--rounds 3] [--case 1kb] [--out DIR]

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DiskCase,
  type DiskRun,
  findFailure,
  findMissing,
  makeServedDir,
  measureToDisk,
  runDiskSuite,
  showSpread,
  TIMEOUT_MS,
} from './disk-suite.ts';
import { startFileServer } from './file-server.ts';
import { measureProcess } from './measure-process.ts';
import { startServer } from './servers.ts';

const CASES: readonly DiskCase[] = [
  { name: '1kb', fileCount: 100_000, bytes: 1024 },
  { name: '1mb', fileCount: 1000, bytes: 1024 * 1024 },
];
const SERVERS = ['nginx', 'spillway serve'] as const;

interface TemplateRun extends DiskRun {
  readonly server: string;
  /** Of `spillway verify` afterwards, which read every file again. */
  readonly verifyWallMs: number;
}

const runs = await runDiskSuite({
  name: 'templates',
  title: 'Templates to disk, each run verified',
  cases: CASES,
  roundCount: 3,
  runCase,
  renderCase,
});
process.exitCode = runs.some(({ problem }) => problem !== null) ? 1 : 0;

async function runCase(files: DiskCase, roundCount: number, scratch: string): Promise<TemplateRun[]> {
  const { fileCount, bytes } = files;
  const www = makeServedDir();
  for (let n = 0; n < fileCount; n++) writeFileSync(join(www, `${n}`), randomBytes(bytes));
  const nginx = await startFileServer(www, scratch);
  const own = await startServer(
    { kind: 'spillway', delayMs: 0, itemCount: 1, replicaCount: 1, isLean: false },
    scratch,
  );
  const templates: Readonly<Record<(typeof SERVERS)[number], string>> = {
    nginx: `${nginx.origin}/{0..${fileCount - 1}}`,
    'spillway serve': `${own.origin}/bytes/${bytes}/{0..${fileCount - 1}}`,
  };
  const runs: TemplateRun[] = [];
  try {
    for (let round = 0; round < roundCount; round++) {
      for (const server of SERVERS) {
        // A directory of its own, which stays to the end: creating files is several times slower after a removal.
        const out = join(scratch, `${files.name}-${round}-${server.replace(' ', '-')}`);
        const run = { server, round, ...(await runOnce(templates[server], out, files)) };
        runs.push(run);
        process.stderr.write(
          `${files.name} ${round} ${server}: ${Math.round(run.wallMs)} ms, ${run.cpuUsPerFile.toFixed(0)} us a file, verified in ${Math.round(run.verifyWallMs)} ms${run.problem === null ? '' : `: ${run.problem}`}\n`,
        );
      }
    }
  } finally {
    nginx.stop();
    await own.stop();
  }
  return runs;
}

async function runOnce(
  template: string,
  out: string,
  files: DiskCase,
): Promise<Omit<TemplateRun, 'server' | 'round'>> {
  const run = await measureToDisk(
    ['node', 'dist/cli/main.js', 'fetch', template, '--to', out, '--quiet'],
    files,
  );
  const verified = await measureProcess(['node', 'dist/cli/main.js', 'verify', out], {
    timeoutMs: TIMEOUT_MS,
  });
  const unverified = findFailure(verified);
  return {
    ...run,
    verifyWallMs: verified.account?.wallMs ?? 0,
    problem: run.problem ?? (unverified === null ? findMissing(out, files) : `verify: ${unverified}`),
  };
}

function renderCase(files: DiskCase, runs: readonly TemplateRun[]): string {
  const lines = [
    `## ${files.fileCount} files of ${files.bytes} bytes`,
    '',
    '| server | wall, s | files a second | MB a second | CPU a file, us | peak memory, MB | `spillway verify`, s |',
    '|---|---|---|---|---|---|---|',
  ];
  for (const server of SERVERS) {
    const known = runs.filter((run) => run.server === server && run.problem === null);
    const show = (read: (run: TemplateRun) => number, digits = 0) => showSpread(known.map(read), digits);
    const cells = [
      show(({ wallMs }) => wallMs / 1000, 2),
      show(({ wallMs }) => (files.fileCount * 1000) / wallMs),
      show(({ wallMs }) => (files.fileCount * files.bytes) / 1000 / wallMs),
      show(({ cpuUsPerFile }) => cpuUsPerFile),
      show(({ peakRssBytes }) => peakRssBytes / 1e6),
      show(({ verifyWallMs }) => verifyWallMs / 1000, 2),
    ];
    lines.push(`| ${server} | ${cells.join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}
