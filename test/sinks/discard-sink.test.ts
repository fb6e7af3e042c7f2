import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openDiscardSink } from '../../src/sinks/discard-sink.ts';
import { makeHead } from './body-head.ts';

test('a body that is kept nowhere has its length and SHA-256, however large its pieces are', () => {
  const sink = openDiscardSink();
  for (const sizes of [
    [],
    [0],
    [1],
    [4096],
    [4097],
    [0, 10],
    [10, 0, 10],
    [4096, 1],
    [100, 10_000, 3],
    [65_536, 65_536],
  ]) {
    const body = sink.begin(makeHead());
    const pieces = sizes.map((size) => randomBytes(size));
    for (const piece of pieces) {
      const shared = Buffer.from(piece);
      body.write(shared);
      // The next read lands in the same memory.
      shared.fill(0);
    }
    const whole = Buffer.concat(pieces);
    const { bytes, sha256 } = body.commit();
    assert.deepEqual(
      [bytes, sha256],
      [whole.length, createHash('sha256').update(whole).digest('hex')],
      sizes.join(' '),
    );
  }
});
