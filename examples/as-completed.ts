// Outcomes as they come: whatever is ready first is worked on first. A failure is an outcome like any other.
import { startRun } from 'spillway';

const [origin = 'http://127.0.0.1:8000'] = process.argv.slice(2);
const urls = [`${origin}/7`, `${origin}/8`, `${origin}/not-there`];

await using run = startRun({ source: urls, to: 'memory', maxRetries: 1 });
for await (const outcome of run.outcomes) {
  if (outcome.kind === 'ok')
    console.log(`${outcome.url}: ${outcome.bytes} bytes, attempt ${outcome.attempts}`);
  else if (outcome.kind === 'failed')
    console.log(`${outcome.url}: ${outcome.code}, status ${outcome.status}`);
  else console.log(`${outcome.url}: not fetched, ${outcome.reason}`);
}
