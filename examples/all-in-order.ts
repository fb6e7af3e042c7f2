// All answers in the order of their URLs, however they come: what is early waits, and never more than `maxUnread` do.
import { startRun } from 'spillway';

const [origin = 'http://127.0.0.1:8000'] = process.argv.slice(2);

await using run = startRun({ source: `${origin}/{0..99}`, to: 'memory', order: 'in-order', maxUnread: 500 });
const answers: number[] = [];
for await (const outcome of run.outcomes) {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.url} is missing`);
  answers.push((JSON.parse(Buffer.from(outcome.value).toString()) as { value: number }).value);
}
console.log(`in order: ${answers.every((answer, index) => answer === index)}, ${answers.length} answers`);
