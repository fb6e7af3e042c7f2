// The comparison's command line: `npm run compare -- --suite NAME [--runs 5] [--case TEXT] [--only a,b] [--out DIR]`,
// `--setup` to install what is missing, `--list` to see what there is. Exit code 0 when every claim that was measured
// is met, 1 when one is not, 2 for misuse.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { describeClaim, judgeClaims } from './claims.ts';
import {
  describeClaims,
  renderMarkdown,
  type CaseRecord,
  type ComparisonRecord,
} from './comparison-record.ts';
import { readMachine } from './machine.ts';
import { PROGRAMS, readDebianVersion, readVersion, whyMissing, type ProgramName } from './programs.ts';
import { readCommit, repositoryDir } from './repository.ts';
import { runCase, type CaseOptions } from './run-case.ts';
import { setUp } from './set-up.ts';
import type { Suite, SuiteCase } from './suite.ts';
import { SUITES } from './suites.ts';

/** Server configuration and records of runs; gone when this program ends, however it ends. */
const scratchDir = join(tmpdir(), `spillway-compare-${process.pid}`);
process.once('exit', () => rmSync(scratchDir, { recursive: true, force: true }));

/** Sockets of a run stay in TIME_WAIT for a minute where they cannot be ended. */
const QUIET_LIMIT_MS = 70_000;

const USAGE = `npm run compare -- --suite NAME [--runs 5] [--case TEXT] [--only a,b] [--out DIR]
npm run compare -- --list | --setup

  --suite NAME   one of: ${SUITES.map((suite) => suite.name).join(', ')}, or all
  --runs N       rounds, 1 to 100; a result to be kept has 5 or more (default 5)
  --case TEXT    only the cases whose name holds this text
  --only a,b     only these entries, by their name or their program's
  --out DIR      where the record goes (default benchmarks/results)
  --list         the suites, their cases, entries and claims
  --setup        install the programs that are missing
`;

interface Arguments {
  readonly suites: readonly Suite[];
  readonly caseText: string;
  readonly roundCount: number;
  readonly only: readonly string[];
  readonly outDir: string;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** @throws Error with what is wrong with the command line and what to do. */
function readArguments(values: { readonly [name: string]: string | boolean | undefined }): Arguments {
  const text = (name: string, ifMissing: string): string => String(values[name] ?? ifMissing);
  const name = text('suite', '');
  const suites = name === 'all' ? SUITES : SUITES.filter((suite) => suite.name === name);
  if (suites.length === 0) {
    throw new Error(
      `expected --suite with one of ${SUITES.map((suite) => suite.name).join(', ')} or all, got "${name}"`,
    );
  }
  const roundCount = Number(text('runs', '5'));
  if (!Number.isInteger(roundCount) || roundCount < 1 || roundCount > 100) {
    throw new Error(`expected --runs from 1 to 100, got "${text('runs', '')}"`);
  }
  const caseText = text('case', '');
  if (!suites.some((suite) => suite.cases.some((one) => one.name.includes(caseText)))) {
    throw new Error(`expected --case with a part of a case's name (see --list), got "${caseText}"`);
  }
  const only = text('only', '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const known = suites.flatMap((suite) => suite.cases.flatMap((one) => one.entries));
  for (const word of only) {
    if (!known.some((entry) => entry.name === word || entry.program === word)) {
      throw new Error(`expected --only with names of entries or programs (see --list), got "${word}"`);
    }
  }
  return {
    suites,
    caseText,
    roundCount,
    only,
    outDir: text('out', join(repositoryDir, 'benchmarks/results')),
  };
}

async function measureCase(suiteCase: SuiteCase, options: CaseOptions): Promise<CaseRecord> {
  say(`\n${suiteCase.name}`);
  const run = await runCase(suiteCase, options);
  const claims = judgeClaims(suiteCase.claims, run.measurements, run.absent);
  for (const line of describeClaims(claims)) say(`  ${line}`);
  const hidden = (words: readonly string[]): string[] =>
    words.map((word) => word.replaceAll(options.scratchDir, 'scratch').replaceAll(`${repositoryDir}/`, ''));
  return {
    name: suiteCase.name,
    job: suiteCase.job,
    server: suiteCase.server,
    serverCommand: hidden(run.serverCommand),
    serverConfiguration: run.serverConfiguration,
    clientCore: suiteCase.clientCore ?? null,
    entries: suiteCase.entries.map((entry) => entry.name),
    notes: suiteCase.notes,
    notMeasured: [...run.absent].map(([entry, reason]) => ({ entry, reason })),
    measurements: run.measurements.map((one) => Object.assign(one, { command: hidden(one.command) })),
    claims,
  };
}

async function measureSuite(suite: Suite, args: Arguments): Promise<boolean> {
  const startedAt = new Date().toISOString();
  const commit = readCommit();
  say(`${suite.name}: ${suite.about}`);
  const cases: CaseRecord[] = [];
  const record = (): ComparisonRecord => ({
    schema: 'spillway-comparison/1',
    suite: suite.name,
    about: suite.about,
    startedAt,
    finishedAt: new Date().toISOString(),
    command: ['npm run compare --', ...commandWords(suite.name)].join(' '),
    roundCount: args.roundCount,
    commit,
    machine: readMachine(),
    versions: readVersions(suite),
    cases,
  });
  const stem = join(args.outDir, `${startedAt.slice(0, 16).replaceAll(':', '')}-${suite.name}`);
  for (const suiteCase of suite.cases.filter((one) => one.name.includes(args.caseText))) {
    cases.push(
      await measureCase(suiteCase, {
        roundCount: args.roundCount,
        only: args.only,
        quietLimitMs: QUIET_LIMIT_MS,
        scratchDir,
        say,
      }),
    );
    // Written after each case: a suite takes long, and what is measured is not lost when a later case breaks.
    mkdirSync(args.outDir, { recursive: true });
    writeFileSync(`${stem}.json`, `${JSON.stringify(record(), null, 1)}\n`);
    writeFileSync(`${stem}.md`, renderMarkdown(record()));
  }
  say(`\nwritten: ${relative(process.cwd(), stem)}.json and .md`);
  return cases.every((one) => one.claims.every((result) => result.verdict !== 'not met'));
}

/** The words as they were given, but for a suite out of `all` and the place of the record. */
function commandWords(suiteName: string): string[] {
  const { values } = parse();
  const kept = Object.entries(values).filter(([name]) => name !== 'suite' && name !== 'out');
  return [
    '--suite',
    suiteName,
    ...kept.flatMap(([name, value]) => [`--${name}`, JSON.stringify(value).slice(1, -1)]),
  ];
}

function readVersions(suite: Suite): Record<string, string> {
  const programs = new Set(suite.cases.flatMap((one) => one.entries.map((entry) => entry.program)));
  const versions: Record<string, string> = { node: process.version };
  for (const name of programs) if (whyMissing(name) === null) versions[name] = readVersion(name);
  if (suite.cases.some((one) => one.server.kind === 'nginx')) {
    versions['nginx'] = readDebianVersion('nginx');
    versions['libnginx-mod-http-echo'] = readDebianVersion('libnginx-mod-http-echo');
  }
  return versions;
}

function list(): void {
  for (const name of Object.keys(PROGRAMS) as ProgramName[]) {
    say(`${name}: ${whyMissing(name) ?? readVersion(name)}`);
  }
  for (const suite of SUITES) {
    say(`\n${suite.name}: ${suite.about}`);
    for (const one of suite.cases) {
      say(`  ${one.name}`);
      say(`    entries: ${one.entries.map((entry) => entry.name).join(', ')}`);
      for (const claim of one.claims) say(`    claim: ${describeClaim(claim)}`);
    }
  }
}

function parse(): { readonly values: { readonly [name: string]: string | boolean | undefined } } {
  return parseArgs({
    options: {
      suite: { type: 'string' },
      runs: { type: 'string' },
      case: { type: 'string' },
      only: { type: 'string' },
      out: { type: 'string' },
      list: { type: 'boolean' },
      setup: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
}

async function main(): Promise<number> {
  let args: Arguments;
  try {
    const { values } = parse();
    if (values['help'] === true) {
      say(USAGE);
      return 0;
    }
    if (values['list'] === true) {
      list();
      return 0;
    }
    if (values['setup'] === true) {
      const problems = setUp(say);
      for (const problem of problems) say(`not installed: ${problem}`);
      if (problems.length === 0) say('everything is installed');
      return problems.length === 0 ? 0 : 1;
    }
    args = readArguments(values);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  let isMet = true;
  for (const suite of args.suites) isMet = (await measureSuite(suite, args)) && isMet;
  return isMet ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();
