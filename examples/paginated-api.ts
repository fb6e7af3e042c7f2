// A paginated list, walked while its items are fetched: the API is asked by POST with a form, five ids a page, until it
// says that there are no more.
import { startRun } from 'spillway';

const [origin = 'http://127.0.0.1:8000'] = process.argv.slice(2);

await using run = startRun({
  source: {
    listApi: {
      url: `${origin}/api/list_files`,
      method: 'POST',
      parametersIn: 'form',
      paging: { kind: 'offset', name: 'start', pageSize: { name: 'per_page', count: 5 } },
      end: { kind: 'header', name: 'more' },
      itemsPath: 'urls',
      itemUrl: 'download/{}',
    },
  },
  to: 'memory',
});
const texts: string[] = [];
for await (const outcome of run.outcomes) {
  if (outcome.kind === 'ok') texts.push(Buffer.from(outcome.value).toString().trim());
}
console.log(`${new Set(texts).size} different files, such as "${texts.toSorted()[0]}"`);
