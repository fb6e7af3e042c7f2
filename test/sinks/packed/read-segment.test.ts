import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { PackedSpec } from '../../../src/model/sink-spec.ts';
import { openSink } from '../../../src/sinks/open-sink.ts';
import { SegmentReader } from '../../../src/sinks/packed/read-segment.ts';
import type { FoundRecord } from '../../../src/sinks/packed/found-record.ts';
import { scratchDirectory } from '../../helpers/scratch.ts';
import { makeHead, store } from '../body-head.ts';

const KINDS = [
  ['ndjson', 'none'],
  ['ndjson', 'gzip'],
  ['ndjson', 'zstd'],
  ['warc', 'none'],
  ['warc', 'gzip'],
  ['tar', 'none'],
  ['tar', 'zstd'],
] as const;

/** Awkward to read in pieces: escapes and characters of every length, over the borders of pieces of a megabyte. */
const CONTENTS: readonly Buffer[] = [
  Buffer.from('1 of 25'),
  Buffer.alloc(0),
  Buffer.from([0, 255, 10, 200]),
  Buffer.from('\\"\\\\\n\u0001 "text":"x","base64":"y"}\n'),
  Buffer.alloc(5_000_011, 'ab\\"\u0007\u00e9\u20ac\u{1f600}'.repeat(7)).subarray(0, 4_999_986),
  Buffer.alloc(3_500_000, Buffer.from([0xff, 0, 1, 2, 3, 4, 5])),
  Buffer.alloc(2_400_000),
];

interface Stored {
  readonly file: string;
  readonly locations: readonly { offsetBytes: number; storedBytes: number }[];
}

function storeAll(
  t: TestContext,
  kind: PackedSpec['kind'],
  compression: PackedSpec['compression'],
  contents = CONTENTS,
): Stored {
  const root = scratchDirectory(t);
  const partial = join(root, 'partial');
  mkdirSync(partial);
  const file = join(root, `out.${kind}`);
  const sink = openSink(
    { kind, file, partial, compression, segmentBytes: 1e9, software: 'spillway/test' },
    0,
  );
  const locations = contents.map((content, index) => {
    const head = makeHead({
      index,
      url: `http://h/${index}`,
      headers: [
        ['text', 'a'],
        ['base64', 'b'],
        ['x-quote', '"\\'],
      ],
    });
    return store(sink, head, content).stored;
  });
  sink.close();
  return { file, locations };
}

for (const [kind, compression] of KINDS) {
  test(`${kind}, ${compression}: every record gives back the length and digest of its body, and every byte belongs to one`, async (t) => {
    const { file, locations } = storeAll(t, kind, compression);
    using reader = new SegmentReader(file, { kind, compression });
    for (const [index, { offsetBytes, storedBytes }] of locations.entries()) {
      const found = (await reader.record(offsetBytes, storedBytes)) as FoundRecord;
      const content = CONTENTS[index] as Buffer;
      assert.deepEqual(
        [found.bytes, found.sha256],
        [content.length, hash('sha256', content)],
        `${index}: ${JSON.stringify(found)}`,
      );
      assert.equal(found.url, `http://h/${index}`);
      assert.equal(found.index, kind === 'warc' ? null : index);
    }
    const last = locations.at(-1);
    assert.ok(last);
    assert.equal(await reader.preamble(locations[0]?.offsetBytes ?? -1), null);
    assert.equal(await reader.trailer(last.offsetBytes + last.storedBytes), null);
  });

  test(`${kind}, ${compression}: a record that is cut, moved or followed by more is found`, async (t) => {
    const { file, locations } = storeAll(t, kind, compression, [
      Buffer.alloc(3000, 'one '),
      Buffer.alloc(3000, 'two '),
    ]);
    const [first, second] = locations;
    assert.ok(first && second);
    using reader = new SegmentReader(file, { kind, compression });
    const tries = [
      [first.offsetBytes, first.storedBytes - 1],
      // The decoder of zstd says nothing of a frame's first bytes alone; the audit holds ranges against one another.
      [first.offsetBytes, first.storedBytes + (compression === 'zstd' ? 20 : 1)],
      [first.offsetBytes + 1, first.storedBytes],
      [first.offsetBytes, first.storedBytes + second.storedBytes],
    ] as const;
    for (const [start, length] of tries)
      assert.ok('problem' in (await reader.record(start, length)), `${start} ${length}`);
    assert.notEqual(await reader.trailer(second.offsetBytes), null);
    truncateSync(file, second.offsetBytes + second.storedBytes - 3);
    using torn = new SegmentReader(file, { kind, compression });
    assert.ok('problem' in (await torn.record(second.offsetBytes, second.storedBytes)));
  });

  test(`${kind}, ${compression}: no byte of a body can change without being found`, async (t) => {
    const content = Buffer.from('every byte counts '.repeat(4));
    const { file, locations } = storeAll(t, kind, compression, [content]);
    const [{ offsetBytes, storedBytes }] = locations as [Stored['locations'][number]];
    const bytes = readFileSync(file);
    const start = compression === 'none' ? bytes.indexOf(content.subarray(0, 20)) : offsetBytes + 10;
    const end = compression === 'none' ? start + content.length : offsetBytes + storedBytes;
    for (let at = start; at < end; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x11;
      writeFileSync(file, changed);
      using reader = new SegmentReader(file, { kind, compression });
      const found = await reader.record(offsetBytes, storedBytes);
      const isFound =
        'problem' in found || found.sha256 !== hash('sha256', content) || found.url !== 'http://h/0';
      // What is no part of the body may read the same, such as the case of a header's letter or unused bits of a code.
      if (!isFound) assert.notEqual(compression, 'none', `byte ${at}`);
      if (!isFound) assert.equal(found.sha256, hash('sha256', content));
    }
  });
}
