import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Source } from '../../src/model/target.ts';
import { FetchFeed } from '../../src/runner/fetch-feed.ts';

const GROUP_COUNT = 1000;

/** Targets in groups; of a run that got past all of them and settled none. */
function feedOf(count: number, comparesFirst: boolean): FetchFeed {
  const source: Source = {
    name: 'the test',
    countAhead: count,
    isDistinct: true,
    async *items() {
      for (let start = 0; start < count; start += GROUP_COUNT)
        yield Array.from({ length: Math.min(GROUP_COUNT, count - start) }, (_, at) => ({
          kind: 'target',
          url: `http://h/${start + at}`,
          line: start + at + 1,
        }));
    },
    findings: () => [],
  };
  return new FetchFeed({
    sources: [source],
    isStrict: false,
    isDeduping: false,
    maxRemembered: 0,
    before: { nextIndex: 1_000_000, at: () => null },
    comparesFirst,
  });
}

/** Targets by group, up to the refusal of a list that is too short. */
async function groupsOf(feed: FetchFeed): Promise<number[]> {
  const counts: number[] = [];
  await assert.rejects(
    async () => {
      for await (const { targets } of feed.groups(new AbortController().signal)) counts.push(targets.length);
    },
    { code: 'ERR_OPTION' },
  );
  return counts;
}

test('nothing is handed on before the list was compared with the run', async () => {
  assert.deepEqual(await groupsOf(feedOf(5000, true)), []);
});

test('no more than some ten thousands of targets are held meanwhile, then all go as they come', async () => {
  assert.deepEqual(await groupsOf(feedOf(68_000, true)), [66_000, 1000, 1000]);
});

test('a source that may wait for its outcomes gets them', async () => {
  assert.deepEqual(await groupsOf(feedOf(3000, false)), [1000, 1000, 1000]);
});
