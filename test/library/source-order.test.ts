import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SourceOrder } from '../../src/library/source-order.ts';

function takeAll(order: SourceOrder<number>): number[] {
  const taken: number[] = [];
  for (let item = order.take(); item !== undefined; item = order.take()) taken.push(item);
  return taken;
}

test('items of the source itself wait for those before them, and for the source to be known that far', () => {
  const order = new SourceOrder<number>((index) => index);
  order.add(2, true);
  assert.deepEqual(takeAll(order), []);
  order.expect(0);
  order.knowUpTo(1);
  order.add(0, false);
  assert.deepEqual(takeAll(order), [0]);
  order.expect(1);
  order.knowUpTo(3);
  assert.deepEqual(takeAll(order), []);
  order.add(1, false);
  assert.deepEqual(takeAll(order), [1, 2]);
});

test('gaps hold up nothing', () => {
  const order = new SourceOrder<number>((index) => index);
  for (const index of [5, 9]) order.expect(index);
  order.add(9, false);
  assert.deepEqual(takeAll(order), []);
  order.add(5, false);
  assert.deepEqual(takeAll(order), [5, 9]);
  order.expect(12);
  order.add(13, true);
  assert.deepEqual(takeAll(order), []);
  assert.deepEqual(order.takeRest(), [13]);
});

test('whatever the order of settling, items come in ascending order and each once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ kind: fc.constantFrom('worker', 'source', 'gap'), rank: fc.nat() }), {
        maxLength: 3000,
      }),
      fc.integer({ min: 1, max: 64 }),
      (items, groupCount) => {
        const order = new SourceOrder<number>((index) => index);
        const taken: number[] = [];
        for (let start = 0; start < items.length; start += groupCount) {
          const group = items
            .slice(start, start + groupCount)
            .map((item, at) => ({ kind: item.kind, rank: item.rank, index: start + at }));
          for (const { kind, index } of group) if (kind === 'source') order.add(index, true);
          const given = group.filter(({ kind }) => kind === 'worker');
          for (const { index } of given) order.expect(index);
          order.knowUpTo(start + group.length);
          for (const { index } of given.toSorted((a, b) => a.rank - b.rank)) {
            order.add(index, false);
            taken.push(...takeAll(order));
          }
          taken.push(...takeAll(order));
        }
        const wanted = items.flatMap(({ kind }, index) => (kind === 'gap' ? [] : [index]));
        assert.deepEqual(taken, wanted);
      },
    ),
    { numRuns: 100 },
  );
});
