// `npm run profile`: where the engine's time goes. A clinic flame graph of one worker that runs in the main thread, or,
// with --threads, a CPU profile of every thread; both with a table of self times, in profiles/out/. The mock server
// runs apart, so that it is not in the picture.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startServer } from '../src/server/cluster.ts';
import { profileOfStacks } from './flame-stacks.ts';
import { type CpuProfile, mergeSelfTimes, selfTimesMarkdown } from './self-times.ts';

const HELP = `npm run profile -- [options]

  --trials <n>        how many answers to fetch (10000)
  --delay <ms>        how long the mock server waits with each (1000)
  --threads           a CPU profile of every thread instead of a flame graph
  --cores <n>         workers with --threads (auto); the flame graph has one
  --family <name>     as bench takes it (one-per-connection)
  --transport <name>  as bench takes it (auto)
  --name <name>       directory below profiles/out (flame or threads, and the time)
`;

const root = fileURLToPath(new URL('../', import.meta.url));
const here = join(root, 'profiles');

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '10000' },
    delay: { type: 'string', default: '1000' },
    threads: { type: 'boolean', default: false },
    cores: { type: 'string', default: 'auto' },
    family: { type: 'string', default: 'one-per-connection' },
    transport: { type: 'string', default: 'auto' },
    name: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = await profile();

async function profile(): Promise<number> {
  const kind = values.threads ? 'threads' : 'flame';
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const out = join(here, 'out', values.name ?? `${kind}-${stamp}`);
  mkdirSync(out, { recursive: true });
  if (!values.threads) installClinic();

  await using server = await startServer({
    items: Number(values.trials),
    delayMs: Number(values.delay),
    h2c: values.family === 'h2c',
  });
  const origin = String((values.family === 'h2c' ? server.h2cOrigins : server.origins)[0]);
  const bench = [join(root, 'src/cli/main.ts'), 'bench', ...benchArguments(origin)];
  const exitCode = values.threads ? await runWithThreads(out, bench) : await runUnderClinic(out, bench);
  const profiles = values.threads ? readCpuProfiles(out) : readFlameStacks(out);
  if (profiles.length === 0) {
    process.stderr.write(`profile: expected profiles in ${out}, found none\n`);
    return exitCode || 1;
  }
  const table = selfTimesMarkdown(mergeSelfTimes(profiles, root));
  writeFileSync(join(out, 'self-times.md'), table);
  process.stdout.write(`\n${table.split('\n').slice(0, 24).join('\n')}\n\nwritten: ${out}\n`);
  return exitCode;
}

function benchArguments(origin: string): string[] {
  const { trials, delay, family, transport, threads } = values;
  const wanted = {
    origin,
    trials,
    delay: `${delay}ms`,
    family,
    transport,
    cores: threads ? values.cores : '1',
  };
  const given = Object.entries(wanted).flatMap(([name, value]) => [`--${name}`, value]);
  return threads ? given : [...given, '--in-process'];
}

/** On first use: its packages are hundreds, so they are kept out of the main tree. No install script is run. */
function installClinic(): void {
  if (existsSync(join(here, 'node_modules/.bin/clinic'))) return;
  process.stdout.write('installing clinic in profiles/ (once)\n');
  execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: here, stdio: 'inherit', env: quietEnv() });
}

/** Clinic reports home unless it is told not to. */
function quietEnv(): NodeJS.ProcessEnv {
  return { ...process.env, NO_INSIGHT: '1' };
}

function runUnderClinic(out: string, bench: readonly string[]): Promise<number> {
  const clinic = join(here, 'node_modules/.bin/clinic');
  return run(clinic, ['flame', '--open=false', '--dest', out, '--', process.execPath, ...bench]);
}

function runWithThreads(out: string, bench: readonly string[]): Promise<number> {
  return run(process.execPath, ['--cpu-prof', '--cpu-prof-dir', out, ...bench]);
}

function run(command: string, parameters: readonly string[]): Promise<number> {
  const child = spawn(command, parameters, { cwd: root, stdio: 'inherit', env: quietEnv() });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function readCpuProfiles(out: string): CpuProfile[] {
  return readdirSync(out)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => JSON.parse(readFileSync(join(out, name), 'utf8')) as CpuProfile);
}

function readFlameStacks(out: string): CpuProfile[] {
  return readdirSync(out, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.clinic-flame-samples'))
    .map((name) =>
      profileOfStacks(
        JSON.parse(readFileSync(join(out, name), 'utf8')) as Parameters<typeof profileOfStacks>[0],
      ),
    );
}
