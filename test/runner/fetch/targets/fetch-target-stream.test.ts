import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Source } from '../../../../src/model/target.ts';
import {
  FetchTargetStream,
  type TargetGroup,
} from '../../../../src/runner/fetch/targets/fetch-target-stream.ts';
import type { LastWord } from '../../../../src/runner/fetch/record/journal-reader.ts';
import { openItems } from '../../../../src/sources/items.ts';

const GROUP_COUNT = 1000;

/** Targets in groups; of a run that got past all of them and settled none. */
function longFeed(count: number, comparesFirst: boolean): FetchTargetStream {
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
  return new FetchTargetStream({
    sources: [source],
    isStrict: false,
    isDeduping: false,
    maxRemembered: 0,
    before: { nextIndex: 1_000_000, at: () => null },
    comparesFirst,
  });
}

/** Targets by group, up to the refusal of a list that is too short. */
async function groupsOf(targetStream: FetchTargetStream): Promise<number[]> {
  const counts: number[] = [];
  await assert.rejects(
    async () => {
      for await (const { targets } of targetStream.groups(new AbortController().signal))
        counts.push(targets.length);
    },
    { code: 'ERR_OPTION' },
  );
  return counts;
}

test('nothing is handed on before the list was compared with the run', async () => {
  assert.deepEqual(await groupsOf(longFeed(5000, true)), []);
});

test('no more than some ten thousands of targets are held meanwhile, then all go as they come', async () => {
  assert.deepEqual(await groupsOf(longFeed(68_000, true)), [66_000, 1000, 1000]);
});

test('a source that may wait for its outcomes gets them', async () => {
  assert.deepEqual(await groupsOf(longFeed(3000, false)), [1000, 1000, 1000]);
});

function feedOf(lines: readonly string[], kept: readonly LastWord[] = []): Promise<TargetGroup[]> {
  const sources = [openItems(lines, 'list')];
  const before = { nextIndex: kept.length, at: (index: number) => kept[index] ?? null };
  const targetStream = new FetchTargetStream({
    sources,
    isStrict: false,
    isDeduping: false,
    maxRemembered: 100,
    before,
  });
  return Array.fromAsync(targetStream.groups(new AbortController().signal));
}

const bad = (index: number, url: string): LastWord => ({ index, class: 'bad-target', url });

test('of a line that is no URL, a login is in neither url nor detail', async () => {
  const [group] = await feedOf(['u:secret@h:1/x', `http://u:secret${'0'.repeat(300)}@h:99999/x`]);
  assert.deepEqual(
    group?.settled.map((outcome) => [outcome.url, 'detail' in outcome && outcome.detail]),
    [
      ['h:1/x', 'list line 1: expected http or https, found "h:1/x"'],
      ['http://h:99999/x', 'list line 2: expected an absolute http or https URL, found "http://h:99999/x"'],
    ],
  );
});

test('bad lines are those of a run begun before, also of one that kept more of them', async () => {
  const lines = ['u:secret@h:1/x', 'http://u:s/ecret@h/x', `http://u:${'s'.repeat(300)}@h:99999/x`, 'no url'];
  const shown = ['h:1/x', 'http://h/x', 'http://h:99999/x', 'no url'];
  const keptBefore = [lines[0] ?? '', lines[1] ?? '', `http://u:${'s'.repeat(191)}…`, 'no url'];
  for (const kept of [shown, keptBefore]) {
    const [group] = await feedOf(
      lines,
      kept.map((url, index) => bad(index, url)),
    );
    assert.deepEqual({ ...group }, { targets: [], settled: [], takenBack: [] });
  }
});

test('another line is told without the login of either', async () => {
  await assert.rejects(feedOf(['u:secret@other'], [bad(0, 'u:secret@h')]), {
    code: 'ERR_OPTION',
    message: /^list line 1: expected "h", as the run was begun with, found "other": /u,
  });
});

/** Two targets and a bad line, from what says it has read so many records. */
function threeItems(records: number): FetchTargetStream {
  const source: Source = {
    name: 'a.csv',
    countAhead: null,
    isDistinct: false,
    async *items() {
      yield [
        { kind: 'target', url: 'http://h/1', line: 2 },
        { kind: 'bad', text: 'x', line: 3, reason: 'expected a URL' },
        { kind: 'target', url: 'http://h/1', line: 4 },
      ];
    },
    counts: () => ({ records, skipped: 1 }),
    findings: () => [],
  };
  return new FetchTargetStream({
    sources: [source],
    isStrict: false,
    isDeduping: true,
    maxRemembered: 10,
  });
}

test('a list that was read to its end has a total, and says what became of its records', async () => {
  const stream = threeItems(4);
  const ahead: (number | null)[] = [];
  for await (const _ of stream.groups(new AbortController().signal)) ahead.push(stream.countAhead);
  assert.deepEqual([ahead, stream.countAhead], [[null], 3]);
  assert.deepEqual(stream.lists, [{ name: 'a.csv', records: 4, skipped: 1, targets: 2, named: 1 }]);
});

test('a record that became nothing breaks the run', async () => {
  const walk = async () => {
    for await (const _ of threeItems(5).groups(new AbortController().signal));
  };
  await assert.rejects(walk, {
    code: 'ERR_RUN_BROKEN',
    message: 'a.csv: expected 4 targets and named lines from 5 records, found 2 + 1',
  });
});
