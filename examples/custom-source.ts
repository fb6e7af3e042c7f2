// A source of one's own: any iterable of URLs. It is asked for the next one only while the run has room for it, so it may be
// endless; and what comes back may decide what is asked for next.
import { startRun } from 'spillway';

const [origin = 'http://127.0.0.1:8000'] = process.argv.slice(2);
const found: string[] = [`${origin}/1`];
const news = { tell: () => {} };

/** Yields what was found so far, and waits for more until nothing is under way. */
async function* walk(): AsyncGenerator<string> {
  for (let taken = 0; ; ) {
    const url = found[taken];
    if (url !== undefined) {
      taken++;
      yield url;
    } else if (settled === taken) return;
    else await new Promise<void>((resolve) => (news.tell = resolve));
  }
}

let settled = 0;
await using run = startRun({ source: walk(), to: 'memory' });
for await (const outcome of run.outcomes) {
  if (outcome.kind === 'ok') {
    const { value: number } = JSON.parse(Buffer.from(outcome.value).toString()) as { value: number };
    // Every answer leads to two more, up to 100.
    for (const next of [number * 2, number * 2 + 1]) if (next < 100) found.push(`${origin}/${next}`);
  }
  settled++;
  news.tell();
}
console.log(`found ${settled} pages, beginning with one`);
