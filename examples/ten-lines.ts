// The library in ten lines: a thousand numbers fetched on every core, and added up.
import { startRun } from 'spillway';

const [origin = 'http://127.0.0.1:8000'] = process.argv.slice(2);
await using run = startRun({ source: `${origin}/{0..999}`, to: 'memory' });
let sum = 0;
for await (const outcome of run.outcomes) {
  if (outcome.kind === 'ok') sum += JSON.parse(Buffer.from(outcome.value).toString()).value;
}
console.log(`sum ${sum} of ${(await run.report).ok} answers`);
