import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  LARGE_BODY_BYTES,
  makeBodyProgress,
  readBodyProgress,
  writeBodyProgress,
} from '../../src/model/body/body-progress.ts';
import type { FetchSnapshot } from '../../src/model/fetch-report.ts';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import { PacedBody } from '../helpers/paced-body.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { makeOptions } from './fetch-world.ts';

test('a run at work tells how far its large bodies have come, and none when it is over', async (t) => {
  const body = randomBytes(8_000_000);
  await using server = new PacedBody(body);
  const origin = await server.listen();
  server.stallAtByte = 4_000_000;
  const urls = ['a', 'b', 'c'].map((name) => `${origin}/${name}.iso`);
  const options = makeOptions(urls, {
    to: join(scratchDirectory(t), 'out'),
    limits: { maxRetries: 1, idleMs: 60_000 },
  });
  const run = startFetch(options);
  const seen = Promise.withResolvers<FetchSnapshot>();
  const look = setInterval(() => {
    const snapshot = run.snapshot();
    const { large = [] } = snapshot.bodies ?? {};
    if (large.length === 3 && large.every(({ bytes }) => bytes >= 4_000_000)) seen.resolve(snapshot);
  }, 20);
  const { bodies } = await seen.promise;
  clearInterval(look);
  assert.deepEqual(
    bodies?.large.map(({ url, totalBytes }) => [url, totalBytes]).toSorted(),
    urls.map((url) => [url, 8_000_000]),
  );
  assert.equal(bodies?.knownCount, 3);
  assert.equal((bodies?.bytes ?? 0) + (bodies?.leftBytes ?? 0), 24_000_000);
  run.abort();
  await run.report;
  assert.deepEqual(run.snapshot().bodies, { knownCount: 0, bytes: 0, leftBytes: 0, large: [] });
});

test('what several workers write is read as one: sums of all, and the largest of them in order', () => {
  const anyBody = fc.record({
    index: fc.nat(1e9),
    bytes: fc.nat(1e9),
    totalBytes: fc.option(fc.integer({ min: 0, max: 2e9 })),
  });
  const memories = [makeBodyProgress(), makeBodyProgress()];
  fc.assert(
    fc.property(fc.array(anyBody), fc.array(anyBody), (first, second) => {
      writeBodyProgress(memories[0] as SharedArrayBuffer, first);
      writeBodyProgress(memories[1] as SharedArrayBuffer, second);
      const { knownCount, bytes, large } = readBodyProgress(memories);
      const known = [...first, ...second].filter(({ totalBytes }) => totalBytes !== null);
      assert.equal(knownCount, known.length);
      assert.equal(
        bytes,
        known.reduce((sum, each) => sum + each.bytes, 0),
      );
      const size = (each: { bytes: number; totalBytes: number | null }) => each.totalBytes ?? each.bytes;
      const sizes = [...first, ...second].map(size).filter((each) => each >= LARGE_BODY_BYTES);
      assert.deepEqual(
        large.slice(0, 6).map(size),
        sizes.toSorted((a, b) => b - a).slice(0, Math.min(6, large.length)),
      );
    }),
  );
});
