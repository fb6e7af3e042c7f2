// `npm run test:crash`: as many rounds of kills as asked for, each with a seed that is printed when it fails, then a large
// body that is gone on with after each of many kills (`--ranges` for how often), then the other ways to break a run. `-- --rounds 200` for more, `-- --rounds 1 --seed N` for one again.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runRound } from './crash-round.ts';
import { runRangesRound } from './ranges-round.ts';

/** Every sink with every source once. */
const ROUNDS = '54';
/** Each sink that goes on with bodies once. */
const RANGES = '4';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: ROUNDS },
    seed: { type: 'string', default: '0' },
    ranges: { type: 'string', default: RANGES },
  },
});
const rounds = Number(values.rounds);
const firstSeed = Number(values.seed);
const ranges = Number(values.ranges);
if (!Number.isSafeInteger(rounds) || !Number.isSafeInteger(firstSeed) || rounds < 0 || rounds > 10_000)
  throw new Error('expected --rounds 0 to 10000 and a whole number for --seed');
if (!Number.isSafeInteger(ranges) || ranges < 0 || ranges > 1000)
  throw new Error('expected --ranges 0 to 1000');
const areRight = [await runRounds(), await runRanges(), await runOthers()];
process.exitCode = areRight.includes(false) ? 1 : 0;

async function runRounds(): Promise<boolean> {
  const failures: string[] = [];
  const totals = { kills: 0, repeats: 0, bound: 0 };
  const startedMs = performance.now();
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    try {
      const { title, kills, repeats, bound } = await runRound(seed);
      totals.kills += kills;
      totals.repeats += repeats;
      totals.bound += kills * bound;
      console.log(`ok ${seed}: ${title}; ${kills} kills, ${repeats} repeats of at most ${kills * bound}`);
    } catch (error) {
      failures.push((error as Error).message);
      console.error(`FAILED ${(error as Error).message}`);
    }
  }
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const { kills, repeats, bound } = totals;
  console.log(
    `${rounds} rounds in ${seconds} s: ${kills} kills, ${repeats} repeats of at most ${bound}, ${failures.length} failed`,
  );
  if (failures.length > 0) console.error('one again: npm run test:crash -- --rounds 1 --seed N');
  return failures.length === 0;
}

/** A large body each, whose program is killed in the middle of it. */
async function runRanges(): Promise<boolean> {
  let isRight = true;
  for (let seed = firstSeed; seed < firstSeed + ranges; seed++) {
    try {
      const { title, sentRatio } = await runRangesRound(seed);
      console.log(`ok ranges ${seed}: ${title}; the server sent ${sentRatio.toFixed(3)} times the body`);
    } catch (error) {
      isRight = false;
      console.error(`FAILED ${(error as Error).message}`);
    }
  }
  return isRight;
}

/** Threads that die, servers that restart, damaged journals, full disks. */
async function runOthers(): Promise<boolean> {
  const files = globSync('*.test.ts', { cwd: import.meta.dirname })
    .filter((name) => name !== 'kill.test.ts')
    .map((name) => `${import.meta.dirname}/${name}`);
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', ...files], { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0;
}
