import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSink } from '../../../src/sinks/open-sink.ts';
import { SegmentReader } from '../../../src/sinks/packed/read-segment.ts';
import { scratchDirectory } from '../../helpers/scratch.ts';
import { makeHead, store } from '../body-head.ts';

const KIND = { kind: 'warc', compression: 'none' } as const;
const URLS = ['http://h/0', 'http://h/1'] as const;
const CONTENTS = ['the first body', ''] as const;
/** Another bit in each half of a byte, the case of a letter, and what is no ASCII. */
const FLIPS = [0x01, 0x10, 0x20, 0x80];
/** What nobody can know again: digits of the date and the UUID, and the program's name. */
const UNKNOWABLE = /(?<=^WARC-Date: .*)\d|(?<=^WARC-Record-ID: <urn:uuid:.*)[0-9a-f]|(?<=^software: .*)./gmu;

test('each byte of a segment is noticed when it changes, but for digits of dates and ids and the name of the program', async (t) => {
  const root = scratchDirectory(t);
  const partial = join(root, 'partial');
  mkdirSync(partial);
  const file = join(root, 'out.warc');
  const sink = openSink({ ...KIND, file, partial, segmentBytes: 1e9, software: 'spillway/test' }, 0);
  const locations = URLS.map((url, index) => {
    const head = makeHead({ index, url });
    return store(sink, head, Buffer.from(CONTENTS[index] as string)).stored;
  });
  sink.close();

  using reader = new SegmentReader(file, KIND);
  /** As the audit reads it: the preamble, then each record. */
  const isRight = async () => {
    if ((await reader.preamble(locations[0]?.offsetBytes ?? 0)) !== null) return false;
    for (const [index, { offsetBytes, storedBytes }] of locations.entries()) {
      const found = await reader.record(offsetBytes, storedBytes);
      if ('problem' in found || found.url !== URLS[index]) return false;
      if (found.sha256 !== hash('sha256', CONTENTS[index] as string)) return false;
    }
    return true;
  };

  assert.ok(await isRight());
  const bytes = readFileSync(file);
  const text = bytes.toString('latin1');
  const unknowable = new Set(text.matchAll(UNKNOWABLE).map(({ index }) => index));
  const unnoticed = new Set<string>();
  const fd = openSync(file, 'r+');
  t.after(() => closeSync(fd));
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of FLIPS) {
      writeSync(fd, Buffer.of((bytes[at] as number) ^ flip), 0, 1, at);
      if (!(await isRight()) || unknowable.has(at)) continue;
      unnoticed.add(`byte ${at}: ${JSON.stringify(text.slice(Math.max(0, at - 20), at + 5))}`);
    }
    writeSync(fd, bytes, at, 1, at);
  }
  assert.deepEqual([...unnoticed], []);
  assert.ok(
    unknowable.size > 0 && unknowable.size < 0.2 * bytes.length,
    `${unknowable.size} of ${bytes.length}`,
  );
});
