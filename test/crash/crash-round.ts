// A run that is killed at seeded random moments and gone on with until it is done: nothing is lost, nothing is doubled,
// and nothing that was settled is asked for again.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CrashOrigin } from './crash-origin.ts';
import { CrashRun, type Process, SINKS, SOURCES } from './crash-run.ts';
import { Random } from '../helpers/random.ts';

const MAX_RESTARTS = 40;

export interface RoundResult {
  readonly seed: number;
  readonly title: string;
  readonly kills: number;
  /** Requests beyond the first for a file, over all kills. */
  readonly repeats: number;
  /** The most of them that one kill may have caused. */
  readonly bound: number;
}

/** @throws AssertionError when a promise is broken, whose message has the seed in it */
export async function runRound(seed: number): Promise<RoundResult> {
  const random = new Random(seed);
  const cwd = mkdtempSync(join(tmpdir(), 'spillway-crash-'));
  const origin = new CrashOrigin({
    count: random.between(200, 900),
    delayMs: random.pick([0, 2, 8, 20]),
    largeBytes: random.pick([300, 70_000, 400_000]),
    sameNameEvery: random.pick([3, 11, 50]),
  });
  await origin.start();
  // Every pair once in 54 rounds, and each sink and source once in nine.
  const sinkIndex = seed % SINKS.length;
  const sink = SINKS[sinkIndex] as (typeof SINKS)[number];
  const sourceIndex = (sinkIndex + Math.floor(seed / SINKS.length)) % SOURCES.length;
  const source = SOURCES[sourceIndex] as (typeof SOURCES)[number];
  const run = new CrashRun({
    cwd,
    origin,
    sink,
    source,
    cores: random.pick([1, 2]),
    maxInFlight: random.pick([1, 8, 32, 100]),
    more: random.next() < 0.4 ? ['--segment-size', '20kb'] : [],
  });
  const title = `${sink} from ${source}, ${origin.options.count} files, ${run.options.maxInFlight} in flight, ${run.options.cores} workers`;
  try {
    const kills = await killAndGoOn(run, random);
    await run.assertWhole();
    const repeats = origin.asked.reduce((sum, times) => sum + times - 1, 0);
    const bound = run.options.maxInFlight;
    assert.ok(
      repeats <= kills * bound,
      `${repeats} repeats after ${kills} kills, expected ${bound} each at most`,
    );
    rmSync(cwd, { recursive: true, force: true });
    return { seed, title, kills, repeats, bound };
  } catch (error) {
    throw new Error(`seed ${seed} (${title}), left in ${cwd}: ${(error as Error).message}`, { cause: error });
  } finally {
    await origin.stop();
  }
}

/** @returns how often it was killed */
async function killAndGoOn(run: CrashRun, random: Random): Promise<number> {
  const { origin, source } = run.options;
  const wantedKills = random.between(1, 5);
  for (let kills = 0; kills < MAX_RESTARTS; kills++) {
    const mayResume = run.record !== null && source !== 'stdin' && random.next() < 0.5;
    const process = mayResume ? run.resume() : run.fetch();
    if (kills < wantedKills) await killSoon(process, origin, random);
    const { code, signal, stderr } = await process.ended;
    for (const number of run.settled()) origin.settled.add(number);
    if (signal === null && code === 0) return kills;
    // A signal that comes before the program listens for it, or after its account, ends it as it would any other.
    assert.ok(signal !== null || code === 130, `ended with ${code}, ${signal}: ${stderr}`);
  }
  throw new Error(`not done after ${MAX_RESTARTS} starts`);
}

/** At a moment of its start, of its work, or of its end. */
async function killSoon({ child, ended }: Process, origin: CrashOrigin, random: Random): Promise<void> {
  const signal = random.pick(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const);
  const left = origin.options.count - origin.settled.size;
  const moment =
    random.next() < 0.3
      ? wait(random.between(0, 450), undefined, { ref: false })
      : origin.sent(origin.answered + random.between(1, Math.max(1, left)));
  const isOver = await Promise.race([moment.then(() => false), ended.then(() => true)]);
  if (isOver) return;
  // Between two turns of the server, so that the kill does not always come with an answer.
  await wait(random.between(0, 6));
  child.kill(signal);
  if (signal === 'SIGKILL') return;
  // What is not settled a moment later is cut; an impatient person asks twice, or kills.
  await wait(random.between(0, 40));
  if (random.next() < 0.5) child.kill(random.pick(['SIGTERM', 'SIGKILL']));
}
