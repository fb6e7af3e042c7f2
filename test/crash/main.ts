// `npm run test:crash`: as many rounds as asked for, each with a seed of its own that is printed when it fails.
// Usage: node test/crash/main.ts [--rounds 54] [--seed 1]

import { parseArgs } from 'node:util';
import { runRound } from './crash-round.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '54' }, seed: { type: 'string', default: '0' } },
});
const rounds = Number(values.rounds);
const first = Number(values.seed);
const failures: string[] = [];
const totals = { kills: 0, repeats: 0 };
const startedMs = performance.now();
for (let seed = first; seed < first + rounds; seed++) {
  try {
    const { title, kills, repeats, bound } = await runRound(seed);
    totals.kills += kills;
    totals.repeats += repeats;
    console.log(`ok ${seed}: ${title}; ${kills} kills, ${repeats} repeats (at most ${kills * bound})`);
  } catch (error) {
    failures.push((error as Error).message);
    console.error(`FAILED ${(error as Error).message}`);
  }
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
console.log(
  `${rounds} rounds in ${seconds} s: ${totals.kills} kills, ${totals.repeats} repeats, ${failures.length} failed`,
);
for (const failure of failures) console.error(`FAILED ${failure}; again with --rounds 1 --seed N`);
process.exitCode = failures.length > 0 ? 1 : 0;
