// The workers' entry, but its thread dies in the middle of its first share: after so many answers of worker 0, in the
// way that the environment says. What takes over lives.

import { Tally } from '../../src/measure/tally.ts';
import type { TrialResult, TrialTask } from '../../src/model/messages.ts';
import { runTrials as runAll } from '../../src/workers/entry.ts';

const MOST_DEATHS = Number(process.env['SPILLWAY_TEST_DEATHS'] ?? '1');
const AFTER_ANSWERS = Number(process.env['SPILLWAY_TEST_AFTER'] ?? '5');

export async function runTrials(task: TrialTask): Promise<TrialResult> {
  const tally = new Tally(task.account.tally);
  // A share that is begun anew starts later than the first one did, since some of it was settled.
  const isFirst = task.ranges.length === 1 && task.ranges[0]?.start === task.share.start;
  if (task.workerIndex === 0 && (isFirst || MOST_DEATHS > 1)) {
    const from = tally.get('ok');
    setInterval(() => {
      if (tally.get('ok') < from + AFTER_ANSWERS) return;
      if (process.env['SPILLWAY_TEST_DEATH'] === 'throw') throw new Error('a bug of the worker');
      process.exit(7);
    }, 1);
  }
  return runAll(task);
}
