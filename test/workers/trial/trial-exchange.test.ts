import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import type { Slot } from '../../../src/transport/lane.ts';
import { AnswerReader } from '../../../src/workers/trial/answer-reader.ts';
import { TrialExchange, type TrialExchangeOwner } from '../../../src/workers/trial/trial-exchange.ts';

function makeExchange(answers = new AnswerReader()): { exchange: TrialExchange; told: string[] } {
  const told: string[] = [];
  const owner: TrialExchangeOwner = {
    nowUs: () => 123,
    sweepNumber: 9,
    answers,
    exchangeSent: () => told.push('sent'),
    exchangeEnded: () => told.push('ended'),
    exchangeLost: (_, error, reached) => told.push(`lost ${String(error)} ${reached}`),
  };
  const exchange = new TrialExchange({
    owner,
    slot: {} as Slot,
    isFallback: false,
    connected: false,
    isConnecting: false,
    answers: 0,
    inFlight: 0,
    retired: false,
    isStalled: false,
    fullDepth: 1,
    refusals: 0,
    refusedInSweep: 0,
    pausedUntilSweep: 0,
  });
  return { exchange, told };
}

/** The body in pieces, each in the middle of a buffer that holds other bytes too. */
function isRight(trial: number, pieces: readonly string[]): boolean {
  const { exchange } = makeExchange();
  exchange.begin(trial);
  for (const piece of pieces) {
    const chunk = Buffer.from(`77${piece}88`);
    exchange.onData(chunk, 2, 2 + piece.length);
  }
  return exchange.isRight;
}

function cutAnywhere(text: string, cuts: readonly number[]): string[] {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  return [...at, text.length].map((end, index) => text.slice(at[index - 1] ?? 0, end));
}

test('the right answer is right however it is cut into pieces', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 26 - 1 }), fc.array(fc.nat(9)), (trial, cuts) => {
      assert.equal(isRight(trial, cutAnywhere(String(trial), cuts)), true);
    }),
  );
});

test('nothing else is right', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 26 - 1 }),
      fc.oneof(fc.nat().map(String), fc.string({ unit: 'binary-ascii' }), fc.constant('')),
      fc.array(fc.nat(9)),
      (trial, body, cuts) => {
        assert.equal(isRight(trial, cutAnywhere(body, cuts)), body === String(trial));
      },
    ),
  );
});

for (const body of ['041', '41 ', '41\n', '+41', '4 1', '4100', '', '0x29', '41.0', `${'0'.repeat(20)}41`]) {
  test(`${JSON.stringify(body)} is not the answer to 41`, () => assert.equal(isRight(41, [body]), false));
}

test('an empty body is not the answer to 0, though its value is 0', () => {
  assert.equal(isRight(0, []), false);
  assert.equal(isRight(0, ['00']), false);
  assert.equal(isRight(0, ['0']), true);
});

test('a position forgets the answer before when it begins anew', () => {
  const { exchange, told } = makeExchange();
  exchange.begin(5);
  assert.equal(exchange.path, '/5');
  exchange.onSent();
  exchange.sentAtUs = 1;
  exchange.onHead(500, { get: () => undefined, entries: () => [] });
  exchange.onData(Buffer.from('abc'), 0, 3);
  assert.deepEqual(
    [exchange.status, exchange.bytes, exchange.value, exchange.activeInSweep],
    [500, 3, -1, 9],
  );
  exchange.onError('e', 'answering');
  exchange.begin(6);
  const { status, bytes, value, activeInSweep, sentAtUs, dispatchedAtUs, path } = exchange;
  assert.deepEqual([status, bytes, value, activeInSweep, sentAtUs, dispatchedAtUs], [0, 0, 0, 0, -1, 123]);
  assert.equal(path, '/6');
  exchange.onData(Buffer.from('6'), 0, 1);
  exchange.onEnd();
  assert.equal(exchange.isRight, true);
  assert.deepEqual(told, ['sent', 'lost e answering', 'ended']);
});

interface JsonAnswer {
  readonly text: string;
  readonly value: unknown;
}

/** JSON objects as servers write them: other fields before and behind, the number in some of them, any spacing. */
const jsonAnswers = (trial: fc.Arbitrary<number>): fc.Arbitrary<JsonAnswer> =>
  fc
    .record({
      value: fc.oneof(trial, fc.string(), fc.double({ noNaN: true }), fc.constant(null)),
      before: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 2 }),
      message: fc.oneof(fc.string(), trial.map(String), trial),
      indent: fc.nat(2),
    })
    .map(({ value, before, message, indent }) => {
      const text = JSON.stringify({ ...before, value, message }, null, indent);
      return { text, value: (JSON.parse(text) as { value: unknown }).value };
    });

test('JSON is right where its value is the number, whatever else is in it and however it is cut', () => {
  const trial = fc.integer({ min: 0, max: 2 ** 26 - 1 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(jsonAnswers(fc.integer({ min: 0, max: 120 })), fc.array(fc.nat(999)), trial), {
        maxLength: 12,
      }),
      (answers) => {
        // One reader for all of them, as a worker has: what it learned of one shape must not judge another.
        const { exchange } = makeExchange();
        for (const [{ text, value }, cuts, other] of answers) {
          const asked = Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : other;
          exchange.begin(asked);
          const bytes = Buffer.from(text).toString('latin1');
          for (const piece of cutAnywhere(bytes, cuts))
            exchange.onData(Buffer.from(`77${piece}88`, 'latin1'), 2, 2 + piece.length);
          exchange.onEnd();
          assert.equal(exchange.isRight, value === asked, text);
        }
      },
    ),
  );
});

test('a shape that was learned takes the next number, and nothing that only looks like it', () => {
  const { exchange } = makeExchange();
  const answer = (trial: number, body: string): boolean => {
    exchange.begin(trial);
    exchange.onData(Buffer.from(body), 0, body.length);
    exchange.onEnd();
    return exchange.isRight;
  };
  assert.equal(answer(7, '{"n":7,"value":7,"message":"7 of 7"}'), true);
  assert.equal(answer(8, '{"n":7,"value":8,"message":"7 of 7"}'), true);
  assert.equal(answer(7, '{"n":7,"value":8,"message":"7 of 7"}'), false);
  assert.equal(exchange.describe(), '8');
  for (const body of [
    '{"n":7,"value":08,"message":"7 of 7"}',
    '{"n":7,"value":8.5,"message":"7 of 7"}',
    '{"n":7,"value":-8,"message":"7 of 7"}',
    '{"n":7,"value":"8","message":"7 of 7"}',
    '{"n":7,"value":8,"message":"7 of 7"',
    '{"n":7,"value":8,"message":"7 of 7"}}',
    '{"n":8}',
    '{"value":8,"value":9}',
    '[8]',
    '"8"',
  ])
    assert.equal(answer(8, body), false, body);
});

test('a wrong body is named: what is no JSON, has no value, or is longer than any answer', () => {
  const { exchange } = makeExchange();
  const describe = (body: string, coding?: string): string => {
    exchange.begin(41);
    const get = (name: string) => (name === 'content-encoding' ? coding : undefined);
    exchange.onHead(200, { get, entries: () => [] });
    const bytes = Buffer.from(body, 'latin1');
    exchange.onData(bytes, 0, bytes.length);
    exchange.onEnd();
    assert.equal(exchange.isRight, false);
    return exchange.describe();
  };
  assert.equal(describe('<html>'), 'a body that is neither a number nor JSON');
  assert.equal(describe('{"message":41}'), 'JSON without a value');
  assert.equal(describe('{"value":[41]}'), 'the value [41]');
  assert.equal(describe('{"value":"\u001b[2J"}'), 'a body that is neither a number nor JSON');
  assert.equal(describe(`{"value":"${'x'.repeat(99)}"}`), `the value "${'x'.repeat(39)}…`);
  assert.equal(describe(`{"value":41,"x":"${'y'.repeat(20_000)}"}`), 'a body of more than 16384 bytes');
  const coded = 'a body in a content coding that was not asked for';
  assert.equal(describe('41', 'compress'), `${coded} (compress)`);
  assert.equal(describe('41', 'gzip'), `${coded} (gzip)`);
  assert.equal(describe(gzipSync(`41${' '.repeat(1e6)}`).toString('latin1'), 'gzip'), `${coded} (gzip)`);
});

test('an answer in a coding that nobody asked for is decoded', () => {
  const { exchange } = makeExchange();
  for (const [coding, encode] of [
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    for (const body of ['41', '{"value":41}']) {
      exchange.begin(41);
      exchange.onHead(200, {
        get: (name) => (name === 'content-encoding' ? coding : undefined),
        entries: () => [],
      });
      for (const byte of encode(body)) exchange.onData(Uint8Array.of(byte), 0, 1);
      exchange.onEnd();
      assert.equal(exchange.isRight, true, `${coding} ${body}`);
    }
  }
});
