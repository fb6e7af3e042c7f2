// Long templates to disk, from nginx and from our own server, each run followed by `spillway verify`, which has to say
// that every file is there and what the record says. No other program: files-suite.ts has those.
//
//     node benchmarks/compare/templates-suite.ts [--rounds 3] [--case 1kb] [--out DIR]

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startFileServer } from './file-server.ts';
import { readLoadAverage1Min, readMachine } from './machine.ts';
import { measureProcess } from './measure-process.ts';
import { readCommit } from './repository.ts';
import { startServer } from './servers.ts';
import { summarize } from './statistics.ts';

interface TemplateCase {
  readonly name: string;
  readonly fileCount: number;
  readonly bytes: number;
}

const CASES: readonly TemplateCase[] = [
  { name: '1kb', fileCount: 100_000, bytes: 1024 },
  { name: '1mb', fileCount: 1000, bytes: 1024 * 1024 },
];
const SERVERS = ['nginx', 'spillway serve'] as const;
const TIMEOUT_MS = 180_000;

interface TemplateRun {
  readonly server: string;
  readonly round: number;
  readonly command: readonly string[];
  readonly wallMs: number;
  readonly cpuUsPerFile: number;
  readonly peakRssBytes: number;
  readonly loadAverage1Min: number;
  /** Of `spillway verify` afterwards, which read every file again. */
  readonly verifyWallMs: number;
  /** Why the figures do not count; null when they do. */
  readonly problem: string | null;
}

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, case: { type: 'string' }, out: { type: 'string' } },
});
const roundCount = Number(values.rounds);
const scratch = mkdtempSync(join(tmpdir(), 'spillway-templates-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
const startedAt = new Date().toISOString();
const records = [];
for (const files of CASES) {
  if (values.case !== undefined && values.case !== files.name) continue;
  records.push({ ...files, runs: await runCase(files) });
}
const text = records.map(({ runs, ...files }) => renderCase(files, runs)).join('\n');
process.stdout.write(text);
if (values.out !== undefined) {
  mkdirSync(values.out, { recursive: true });
  const record = {
    schema: 'spillway-templates/1',
    startedAt,
    roundCount,
    commit: readCommit(),
    machine: readMachine(),
    cases: records,
  };
  writeFileSync(join(values.out, 'templates.json'), `${JSON.stringify(record, null, 1)}\n`);
  writeFileSync(join(values.out, 'templates.md'), `# Templates to disk, each run verified\n\n${text}`);
}
process.exitCode = records.some(({ runs }) => runs.some(({ problem }) => problem !== null)) ? 1 : 0;

async function runCase(files: TemplateCase): Promise<TemplateRun[]> {
  const { fileCount, bytes } = files;
  const www = join(scratch, `www-${files.name}`);
  mkdirSync(www);
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
        const run = await runOnce(server, round, files, templates[server]);
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

/** Into a directory of its own, which stays to the end: creating files is several times slower after a removal. */
async function runOnce(
  server: string,
  round: number,
  files: TemplateCase,
  template: string,
): Promise<TemplateRun> {
  const out = join(scratch, `${files.name}-${round}-${server.replace(' ', '-')}`);
  const command = ['node', 'dist/cli/main.js', 'fetch', template, '--to', out, '--quiet'];
  const loadAverage1Min = readLoadAverage1Min();
  const fetched = await measureProcess(command, { timeoutMs: TIMEOUT_MS });
  const verified = await measureProcess(['node', 'dist/cli/main.js', 'verify', out], {
    timeoutMs: TIMEOUT_MS,
  });
  const { account } = fetched;
  return {
    server,
    round,
    command,
    wallMs: account?.wallMs ?? 0,
    cpuUsPerFile: ((account?.userUs ?? 0) + (account?.systemUs ?? 0)) / files.fileCount,
    peakRssBytes: account?.peakRssBytes ?? 0,
    loadAverage1Min,
    verifyWallMs: verified.account?.wallMs ?? 0,
    problem: findProblem(out, files, { fetched, verified }),
  };
}

function findProblem(
  out: string,
  { fileCount, bytes }: TemplateCase,
  runs: Readonly<Record<string, Awaited<ReturnType<typeof measureProcess>>>>,
): string | null {
  for (const [name, { account, stderr, isTimedOut }] of Object.entries(runs)) {
    if (isTimedOut) return `${name}: not done after ${TIMEOUT_MS} ms`;
    if (account?.exitCode !== 0) return `${name}: exit code ${account?.exitCode}: ${stderr.slice(0, 200)}`;
  }
  const right = readdirSync(out, { recursive: true, withFileTypes: true }).filter(
    (entry) =>
      entry.isFile() &&
      /^\d+$/u.test(entry.name) &&
      statSync(join(entry.parentPath, entry.name)).size === bytes,
  );
  return right.length === fileCount ? null : `${fileCount - right.length} files missing or of another size`;
}

function renderCase(files: TemplateCase, runs: readonly TemplateRun[]): string {
  const lines = [
    `## ${files.fileCount} files of ${files.bytes} bytes`,
    '',
    '| server | wall, s | files a second | MB a second | CPU a file, us | peak memory, MB | `spillway verify`, s |',
    '|---|---|---|---|---|---|---|',
  ];
  for (const server of SERVERS) {
    const known = runs.filter((run) => run.server === server && run.problem === null);
    const show = (read: (run: TemplateRun) => number, digits = 0) => {
      if (known.length === 0) return 'failed';
      const { median, min, max } = summarize(known.map(read));
      return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
    };
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
