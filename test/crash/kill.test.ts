import { test } from 'node:test';
import { SINKS } from './crash-run.ts';
import { runRound } from './crash-round.ts';

/** Of this many, each sink and each source is in one; `npm run test:crash -- --rounds 200` runs more. */
const ROUNDS = SINKS.length;
const SEED = Number(process.env['SPILLWAY_TEST_SEED'] ?? Date.now() % 1_000_000);

test('runs that are killed at random moments come to the same end as one that is not', {
  timeout: 300_000,
}, async (t) => {
  for (let round = 0; round < ROUNDS; round++) {
    const { seed, title, kills, repeats, bound } = await runRound(SEED + round);
    t.diagnostic(`seed ${seed}: ${title}; ${kills} kills, ${repeats} repeats of at most ${kills * bound}`);
  }
});
