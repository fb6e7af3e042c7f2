// A client that has few files left: it opens files until no more are given, closes so many, and runs its trials with
// what is left. To be started under a low `ulimit -n`. Prints the tally.

import { closeSync, openSync } from 'node:fs';
import '../../src/workers/entry.ts';
import type { Transport } from '../../src/model/plan.ts';
import { assertAddsUp, beginTrials } from './trial-harness.ts';

const [origin = '', transport = '', left = '0', trials = '0', connections = '0'] = process.argv.slice(2);

const eaten: number[] = [];

/** The last moment before the first connection: what loading the program had open is closed by then. */
function eatFiles(): void {
  try {
    for (;;) eaten.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
  }
  for (const file of eaten.splice(0, Number(left))) closeSync(file);
}

const run = beginTrials(origin, {
  trials: Number(trials),
  connections: Number(connections),
  transport: transport as Transport,
  onReady: eatFiles,
});
const report = await run.report;
// Node.js itself may need one to end.
for (const file of eaten) closeSync(file);
assertAddsUp(run, report);
process.stdout.write(`${JSON.stringify(report.tally)}\n`);
