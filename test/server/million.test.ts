// A million items and files cost no table: the same contract, and memory that does not follow their number.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../../src/server/cluster.ts';
import { RawConnection, get } from './raw-connection.ts';

const COUNT = 1_000_000;
const MB = 1024 * 1024;

test('a million files are listed in one answer and in pages, each once, in flat memory', async () => {
  await using small = await startServer({ delayMs: 0 });
  await using server = await startServer({ delayMs: 0, items: COUNT, files: COUNT, maxPerPage: 1000 });
  const origin = server.origins[0] ?? '';
  const differenceMb = ((await server.stats()).rssBytes - (await small.stats()).rssBytes) / MB;
  assert.ok(differenceMb < 40, `${differenceMb} MB more at the start than for 25 files`);

  // Pages first, as they warm up what the full list uses.
  const ids = new Set<string>();
  let more = true;
  for (let start = 0; more; start += 1000) {
    const page = await fetch(`${origin}/api/list_files?start=${start}&per_page=1000`, { method: 'POST' });
    more = page.headers.get('more') === 'true';
    for (const id of ((await page.json()) as { urls: string[] }).urls) ids.add(id);
  }
  assert.equal(ids.size, COUNT);
  const warmBytes = (await server.stats()).rssBytes;

  const answer = await fetch(`${origin}/api/list_files`);
  let lengthBytes = 0;
  let braces = 0;
  for await (const chunk of answer.body ?? []) {
    lengthBytes += chunk.length;
    for (const byte of chunk) if (byte === 125) braces += 1;
  }
  assert.equal(braces, COUNT + 1, 'one closing brace a file, and one for the list');
  assert.ok(lengthBytes > 35 * COUNT && lengthBytes < 50 * COUNT, `${lengthBytes} bytes`);
  const growthMb = ((await server.stats()).rssBytes - warmBytes) / MB;
  assert.ok(growthMb < 80, `grew by ${growthMb} MB over a list of ${lengthBytes / MB} MB`);

  let number = 0;
  for (const id of ids) {
    if (number % 99_991 === 0)
      assert.equal(await (await fetch(`${origin}/api/download/${id}`)).text(), `${number + 1} of ${COUNT}`);
    number += 1;
  }
  const { downloads } = await server.stats();
  assert.deepEqual([downloads.answered, downloads.duplicates], [11, 0]);
});

for (const lean of [false, true]) {
  test(`trials over a million items are counted exactly, in flat memory, ${lean ? 'lean' : 'on Fastify'}`, async () => {
    await using server = await startServer({ lean, delayMs: 0, items: COUNT });
    const connection = await RawConnection.open(server.origins[0] ?? '');
    const ask = async (first: number, count: number): Promise<void> => {
      for (let start = first; start < first + count; start += 500) {
        connection.write(
          Array.from({ length: 500 }, (_, offset) => get(`/${(start + offset) * 20}`)).join(''),
        );
        await connection.take(500);
      }
    };
    await ask(0, 10_000);
    const warmBytes = (await server.stats()).rssBytes;
    await ask(10_000, 40_000);
    const { trials, rssBytes } = await server.stats();
    const growthMb = (rssBytes - warmBytes) / MB;
    assert.ok(growthMb < 60, `grew by ${growthMb} MB over 40000 trials`);
    assert.deepEqual([trials.answered, trials.distinct, trials.duplicates], [50_000, 50_000, 0]);
    const count = 50_000n;
    assert.equal(trials.sum, (20n * (count * (count - 1n))) / 2n);
    assert.equal(trials.sumOfSquares, (400n * ((count - 1n) * count * (2n * count - 1n))) / 6n);
    connection.close();
  });
}
