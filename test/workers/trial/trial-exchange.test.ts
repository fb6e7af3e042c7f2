import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Slot } from '../../../src/transport/lane.ts';
import { TrialExchange, type TrialExchangeOwner } from '../../../src/workers/trial/trial-exchange.ts';

function makeExchange(): { exchange: TrialExchange; told: string[] } {
  const told: string[] = [];
  const owner: TrialExchangeOwner = {
    nowUs: () => 123,
    sweepNumber: 9,
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
