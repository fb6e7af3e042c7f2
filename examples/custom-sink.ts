// A sink of one's own: bodies are worked on in the worker threads, on every core, and only what was made of them comes to
// the main thread. See sink-digits.ts for the sink.
import { startRun } from 'spillway';

const [origin = 'http://127.0.0.1:8000'] = process.argv.slice(2);

await using run = startRun<{ readonly digitSum: number }>({
  source: `${origin}/{0..199}`,
  to: { module: new URL('./sink-digits.ts', import.meta.url), options: { base: 10 } },
});
let total = 0;
for await (const outcome of run.outcomes) {
  if (outcome.kind === 'ok') total += outcome.value.digitSum;
}
console.log(`digits of 0 … 199 add up to ${total}`);
