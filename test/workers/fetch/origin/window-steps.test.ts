// The state diagram of docs/polite.md and what the code does are the same.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeRandom } from '../../../../src/measure/statistics.ts';
import { WINDOW_PHASES } from '../../../../src/model/shared/origin-fields.ts';
import {
  afterRefusal,
  afterRound,
  afterSetback,
  INITIAL_WINDOW,
  type WindowState,
} from '../../../../src/workers/fetch/origin/window-steps.ts';
import { ROOT } from '../../../helpers/program.ts';

const SEED = 20_261_129;
const RUN_COUNT = 2_000;
const STEP_COUNT = 40;

/** What may happen to a window: a round of some answers, a refusal, or trouble. */
function happen(state: WindowState, atMs: number, random: () => number): WindowState {
  const what = random();
  if (what < 0.75) {
    const lowMs = 5 + random() * 200;
    const round = {
      lowMs,
      midMs: lowMs * (1 + random() * 2),
      count: 16 + Math.floor(random() * 200),
      perSec: random() * 5_000,
      isWanted: random() < 0.8,
      endedAtMs: atMs,
    };
    return afterRound(state, round, 4_096);
  }
  if (what >= 0.9) return afterSetback(state, state.window / 2);
  const refusals = {
    count: 1 + Math.floor(random() * 10),
    windowBefore: Math.ceil(state.window * (1 + random())),
    atMs,
  };
  return afterRefusal(state, refusals, random() < 0.2);
}

test('a window goes from state to state as docs/polite.md draws it', () => {
  const page = readFileSync(join(ROOT, 'docs/polite.md'), 'utf8');
  const drawn = Array.from(page.matchAll(/^ {2}([a-z]+) --> ([a-z]+):/gm), ([, from, to]) => `${from} ${to}`);
  const random = makeRandom(SEED);
  const seen = new Set<string>();
  for (let run = 0; run < RUN_COUNT; run++) {
    let state = INITIAL_WINDOW;
    let atMs = 0;
    for (let step = 0; step < STEP_COUNT; step++) {
      atMs += 500 * random();
      const next = happen(state, atMs, random);
      assert.ok(next.window >= 1 && next.window <= 4_096, `seed ${SEED}: a window of ${next.window}`);
      if (next.phase !== state.phase) seen.add(`${state.phase} ${next.phase}`);
      state = next;
    }
  }
  assert.deepEqual([...seen].toSorted(), drawn.toSorted());
  assert.deepEqual(new Set(drawn.flatMap((arrow) => arrow.split(' '))), new Set<string>(WINDOW_PHASES));
});
