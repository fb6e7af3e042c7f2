import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { ContentDecoder } from '../../../../src/workers/fetch/attempt/content-decoder.ts';
import { decoderBytes, DecoderMemory } from '../../../../src/workers/fetch/attempt/decoder-memory.ts';

const BODY = Buffer.from('a body that is long enough to be worth a coding, a body '.repeat(40));
const { ZSTD_c_windowLog, ZSTD_c_enableLongDistanceMatching, BROTLI_PARAM_LGWIN } = zlib.constants;

const ENCODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: (body) => zlib.gzipSync(body),
  deflate: (body) => zlib.deflateSync(body),
  br: (body) => zlib.brotliCompressSync(body),
  zstd: (body) => zlib.zstdCompressSync(body),
};

/** Decodes pieces; resolves to the body, or to what was wrong. */
function decode(
  codings: readonly string[],
  pieces: readonly Buffer[],
  memory = new DecoderMemory(2 ** 28),
): Promise<Buffer | Error> {
  const { promise, resolve } = Promise.withResolvers<Buffer | Error>();
  const found: Buffer[] = [];
  const decoder = new ContentDecoder(codings, memory, {
    onData: (chunk) => found.push(Buffer.from(chunk)),
    onEnd: () => resolve(Buffer.concat(found)),
    onError: resolve,
    onDrain: () => {},
  });
  for (const piece of pieces) decoder.write(piece);
  decoder.end();
  return promise;
}

for (const [coding, encode] of Object.entries(ENCODERS)) {
  test(`${coding}: what stands behind the end of a stream is told of, wherever the pieces are cut`, async () => {
    const whole = encode(BODY);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat({ max: whole.length }),
        fc.boolean(),
        async (rest, cut, isCoded) => {
          // A second member of gzip and further frames of zstd are of the body, and their beginnings may be.
          const first = rest[0] as number;
          fc.pre(rest.some((byte) => byte !== 0) && ![0x1f, 0x28].includes(first) && first >> 4 !== 5);
          const all = Buffer.concat([whole, rest]);
          const pieces = [all.subarray(0, cut), all.subarray(cut)].filter(({ length }) => length > 0);
          const outer = isCoded ? [coding, 'gzip'] : [coding];
          const sent = isCoded ? [zlib.gzipSync(all)] : pieces;
          assert.ok((await decode(outer, sent)) instanceof Error);
        },
      ),
      { numRuns: 60, seed: 5 },
    );
    assert.deepEqual(await decode([coding], [whole]), BODY);
    assert.deepEqual(await decode([coding, 'gzip'], [zlib.gzipSync(whole)]), BODY);
  });

  test(`${coding}: an answer that is sent twice is no body, unless the coding says that both are one`, async () => {
    const whole = encode(BODY);
    const found = await decode([coding], [whole, whole]);
    if (coding === 'gzip' || coding === 'zstd') assert.deepEqual(found, Buffer.concat([BODY, BODY]));
    else assert.ok(found instanceof Error);
  });
}

test('a window of zstd above 8 MB is refused, as RFC 9659 has it, and one of 8 MB is not', async () => {
  const large = randomBytes(9 * 2 ** 20);
  const encode = (log: number) =>
    new Promise<Buffer>((resolve, reject) => {
      // Of a stream, whose length nobody knows ahead: the window is then what was asked for.
      const encoder = zlib.createZstdCompress({
        params: { [ZSTD_c_windowLog]: log, [ZSTD_c_enableLongDistanceMatching]: 1 },
      });
      const pieces: Buffer[] = [];
      encoder.on('data', (piece: Buffer) => pieces.push(piece));
      encoder.on('end', () => resolve(Buffer.concat(pieces)));
      encoder.on('error', reject);
      encoder.write(large);
      encoder.end(large);
    });
  assert.ok((await decode(['zstd'], [await encode(27)])) instanceof Error);
  assert.deepEqual(await decode(['zstd'], [await encode(23)]), Buffer.concat([large, large]));
});

test('what a stream says of its window is what its decoder is counted with', () => {
  for (let log = 10; log <= 24; log++) {
    const sent = zlib.brotliCompressSync(randomBytes(100), { params: { [BROTLI_PARAM_LGWIN]: log } });
    const counted = decoderBytes('br', sent);
    assert.ok(counted >= 2 ** log && counted <= 2 ** log + 2 ** 20, `${log}: ${counted}`);
  }
  for (const length of [10, 300, 70_000, 3_000_000]) {
    const counted = decoderBytes('zstd', zlib.zstdCompressSync(randomBytes(length)));
    assert.ok(
      counted >= Math.min(length, 2 ** 17) && counted <= 2 * length + 2 ** 20,
      `${length}: ${counted}`,
    );
  }
  assert.ok(decoderBytes('zstd', Buffer.from([0x28])) >= 2 ** 23);
});

test('decoders hold no more than their memory together, and everybody has a turn', async () => {
  const memory = new DecoderMemory(40 * 2 ** 20);
  const sent = zlib.brotliCompressSync(BODY, { params: { [BROTLI_PARAM_LGWIN]: 24 } });
  let most = 0;
  const watched = new Proxy(memory, {
    get: (target, name) => {
      most = Math.max(most, target.usedBytes);
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
  const bodies = await Promise.all(Array.from({ length: 50 }, () => decode(['br'], [sent], watched)));
  for (const body of bodies) assert.deepEqual(body, BODY);
  assert.ok(most > 0 && most <= 40 * 2 ** 20, `${most} bytes`);
  assert.equal(memory.usedBytes, 0);
});

test('whoever is let go of while it waits for a decoder, or holds one, leaves its room to others', async () => {
  const memory = new DecoderMemory(20 * 2 ** 20);
  const sent = zlib.brotliCompressSync(BODY, { params: { [BROTLI_PARAM_LGWIN]: 24 } });
  const quiet = { onData: () => {}, onEnd: () => {}, onError: () => {}, onDrain: () => {} };
  const decoders = Array.from({ length: 4 }, () => new ContentDecoder(['br'], memory, quiet));
  for (const decoder of decoders) decoder.write(sent.subarray(0, 5));
  decoders[2]?.cancel();
  decoders[0]?.cancel();
  decoders[0]?.cancel();
  decoders[1]?.cancel();
  decoders[3]?.cancel();
  assert.equal(memory.usedBytes, 0);
  assert.deepEqual(await decode(['br'], [sent], memory), BODY);
});
