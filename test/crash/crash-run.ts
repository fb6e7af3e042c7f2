// One run over a crash origin: its command line by sink and source, its processes, and what its journal and its output
// have to say when it is over.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { VerifyReport } from '../../src/model/verify-report.ts';
import { hasJournal, JournalReader } from '../../src/runner/fetch/record/journal-reader.ts';
import { MAIN } from '../helpers/program.ts';
import type { CrashOrigin } from './crash-origin.ts';

const PROGRAM = process.env['SPILLWAY_TEST_MAIN'] ?? MAIN;
/** No round takes as long; a program that hangs is a failure. */
const DEADLINE_MS = 60_000;

export const SINKS = [
  'out',
  'out.ndjson',
  'out.ndjson.gz',
  'out.ndjson.zst',
  'out.warc',
  'out.warc.gz',
  'out.tar',
  'out.tar.zst',
  'discard',
] as const;
export const SOURCES = ['template', 'txt', 'csv', 'jsonl', 'stdin', 'list-api'] as const;

export interface CrashRunOptions {
  /** Working directory, empty at first. */
  readonly cwd: string;
  readonly origin: CrashOrigin;
  readonly sink: (typeof SINKS)[number];
  readonly source: (typeof SOURCES)[number];
  readonly cores: number;
  readonly maxInFlight: number;
  /** More options of `fetch`. */
  readonly more?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Process {
  readonly child: ChildProcess;
  readonly ended: Promise<Exit>;
}

export class CrashRun {
  readonly options: CrashRunOptions;
  readonly #urls: string;

  constructor(options: CrashRunOptions) {
    this.options = options;
    const { origin, source, cwd } = options;
    const urls = Array.from({ length: origin.options.count }, (_, number) => origin.urlOf(number));
    this.#urls = `${urls.join('\n')}\n`;
    const write = (name: string, content: string) => writeFileSync(join(cwd, name), content);
    if (source === 'txt') write('urls.txt', this.#urls);
    if (source === 'csv') write('urls.csv', `id,url\n${urls.map((url, at) => `${at},${url}`).join('\n')}\n`);
    if (source === 'jsonl') write('urls.jsonl', `${urls.map((url) => JSON.stringify({ url })).join('\n')}\n`);
  }

  /** Where the run's record is; null before the first process has made it. */
  get record(): string | null {
    const { cwd, sink } = this.options;
    if (sink === 'out') return asRecord(join(cwd, 'out', '.spillway'));
    if (sink !== 'discard') return asRecord(join(cwd, `${sink}.run`));
    const results = join(cwd, 'results');
    const names = existsSync(results) ? readdirSync(results) : [];
    return names.map((name) => asRecord(join(results, name, '.spillway'))).find((it) => it !== null) ?? null;
  }

  /** What a person would name it. */
  get output(): string {
    const { sink } = this.options;
    if (sink !== 'discard') return sink;
    return (this.record ?? '').replace(/\/\.spillway$/u, '');
  }

  /** The command that begins the run, and goes on with it when it is typed again. */
  fetch(environment: Readonly<Record<string, string>> = {}): Process {
    return this.#spawn(process.execPath, [PROGRAM, ...this.#fetchArguments()], environment);
  }

  /** The same under `ulimit -n`. */
  fetchUnderFileLimit(limit: number): Process {
    const script = 'ulimit -n "$1"; shift; exec "$@"';
    const args = ['-c', script, 'sh', String(limit), process.execPath, PROGRAM, ...this.#fetchArguments()];
    return this.#spawn('sh', args);
  }

  #fetchArguments(): string[] {
    const { sink, source, origin, cores, maxInFlight, more = [] } = this.options;
    const last = origin.options.count - 1;
    const sources = {
      template: [`${origin.origin}/api/download/{0..${last}}`],
      txt: ['urls.txt'],
      csv: ['urls.csv'],
      jsonl: ['urls.jsonl'],
      stdin: ['-'],
      'list-api': [
        '--list-api',
        `${origin.origin}/api/list_files`,
        '--preset',
        'mock',
        '--list-size',
        'per_page=50',
      ],
    }[source];
    const args = ['fetch', ...sources, '--to', sink, '--cores', String(cores)];
    args.push('--max-in-flight', String(maxInFlight), '--json', ...more);
    return args;
  }

  /** The other way to go on with it; not for a run that reads its list from standard input. */
  resume(environment: Readonly<Record<string, string>> = {}): Process {
    return this.#spawn(process.execPath, [PROGRAM, 'resume', this.output, '--json'], environment);
  }

  async verify(): Promise<VerifyReport> {
    const { stdout, stderr } = await this.#spawn(process.execPath, [PROGRAM, 'verify', this.output, '--json'])
      .ended;
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout) as VerifyReport;
  }

  /** Numbers of the files that the journal has as settled. */
  settled(): number[] {
    const { record } = this;
    if (record === null) return [];
    using reader = new JournalReader(record);
    const numbers: number[] = [];
    for (const outcome of reader.outcomes())
      if (outcome.kind === 'ok') numbers.push(Number(outcome.url.replace(/^.*\//u, '')));
    return numbers;
  }

  /** Everything is there once, by the audit, by the digest of what was served, and by a count of our own. */
  async assertWhole(): Promise<void> {
    const { origin, sink } = this.options;
    const { count } = origin.options;
    const report = await this.verify();
    assert.deepEqual(report.problems, [], 'verify finds nothing');
    assert.ok(report.isComplete, 'verify says complete');
    assert.deepEqual([report.expected, report.right], [count, count]);
    assert.equal(
      report.certificate.digest,
      origin.digest(),
      'the certificate is that of what the server holds',
    );
    if (sink !== 'discard') assert.equal(this.#countOutput(), count, 'bodies in the output');
    const lost = origin.asked.findIndex((times) => times === 0);
    assert.equal(lost, -1, `the server was never asked for ${lost}`);
    assert.deepEqual(origin.violations, [], 'nothing that was settled is asked for again');
  }

  /** Files, lines, records or members, counted without this program. */
  #countOutput(): number {
    const { cwd, sink } = this.options;
    if (sink === 'out') return readdirSync(join(cwd, 'out')).filter((name) => name !== '.spillway').length;
    const segments = readdirSync(cwd).filter((name) => name.startsWith('out.') && !name.endsWith('.run'));
    return segments.reduce((sum, name) => {
      const bytes = readFileSync(join(cwd, name));
      const plain = name.endsWith('.gz')
        ? gunzipSync(bytes)
        : name.endsWith('.zst')
          ? zstdDecompressSync(bytes)
          : bytes;
      return sum + countRecords(plain.toString('latin1'), sink);
    }, 0);
  }

  #spawn(
    command: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Process {
    const child = spawn(command, args, {
      cwd: this.options.cwd,
      stdio: 'pipe',
      env: { ...process.env, ...environment },
    });
    child.stdin.on('error', () => {});
    child.stdin.end(args.includes('-') ? this.#urls : '');
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
      ([[code, signal], stdout, stderr]): Exit => {
        clearTimeout(timer);
        return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
      },
    );
    return { child, ended };
  }
}

function asRecord(directory: string): string | null {
  return hasJournal(directory) ? directory : null;
}

function countRecords(plain: string, sink: string): number {
  if (sink.startsWith('out.ndjson')) return plain.split('\n').length - 1;
  if (sink.startsWith('out.warc')) return plain.split('WARC-Type: response\r\n').length - 1;
  return plain.split('SPILLWAY.url=').length - 1;
}
