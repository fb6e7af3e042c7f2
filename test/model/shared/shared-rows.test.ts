import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { makeRows, SharedRows } from '../../../src/model/shared/shared-rows.ts';

test('50,000 names that are held have a row each, and each finds its own again', () => {
  const rows = new SharedRows(makeRows(50_000, 2));
  const taken = new Set<number>();
  for (let index = 0; index < 50_000; index++) {
    const row = rows.take(`http://host-${index}.example`);
    assert.ok(row !== null && !taken.has(row));
    taken.add(row);
    rows.cells[rows.at(row)] = index;
  }
  assert.equal(rows.take('http://one-more.example'), null);
  for (let index = 0; index < 50_000; index += 7)
    assert.equal(rows.cells[rows.at(rows.find(`http://host-${index}.example`) as number)], index);
});

test('what nobody holds is kept until room is short, and then the row left longest ago goes first', () => {
  const rows = new SharedRows(makeRows(3, 1));
  for (const name of ['a', 'b', 'c']) {
    const row = rows.take(name) as number;
    rows.cells[rows.at(row)] = name.charCodeAt(0);
    rows.release(row);
  }
  rows.release(rows.take('a') as number);
  assert.equal(rows.evictedCount, 0);
  const row = rows.take('d') as number;
  assert.equal(rows.cells[rows.at(row)], 0);
  assert.equal(rows.find('b'), null);
  assert.equal(rows.cells[rows.at(rows.find('a') as number)], 'a'.charCodeAt(0));
  assert.equal(rows.evictedCount, 1);
});

test('a row that is still needed is passed over', () => {
  const needed = new Set<number>();
  const rows = new SharedRows(makeRows(2, 1), (row) => needed.has(row));
  const first = rows.take('first') as number;
  rows.release(first);
  needed.add(first);
  rows.release(rows.take('second') as number);
  rows.take('third');
  assert.equal(rows.find('first'), first);
  assert.equal(rows.find('second'), null);
});

test('a table does what a map of counted entries would do, whatever comes in whatever order', () => {
  const step = fc.record({ name: fc.nat(12), isTake: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const rows = new SharedRows(makeRows(6, 1));
      const held = new Map<number, { row: number; count: number }>();
      let mark = 1;
      const marks = new Map<number, number>();
      for (const { name, isTake } of steps) {
        const before = held.get(name);
        if (isTake) {
          const row = rows.take(String(name));
          if (row === null) {
            assert.equal(held.size, 6);
            assert.equal(before, undefined);
            continue;
          }
          const at = rows.at(row);
          if (before === undefined) {
            const { [at]: seen } = rows.cells;
            // Kept from before, or dropped; never another's.
            assert.ok(seen === 0 || seen === marks.get(name));
            marks.set(name, (rows.cells[at] = mark++));
          } else assert.equal(before.row, row);
          held.set(name, { row, count: (before?.count ?? 0) + 1 });
        } else if (before !== undefined) {
          rows.release(before.row);
          if (before.count === 1) held.delete(name);
          else held.set(name, { row: before.row, count: before.count - 1 });
        }
      }
      for (const [name, { row }] of held) assert.equal(rows.cells[rows.at(row)], marks.get(name));
    }),
    { numRuns: 300 },
  );
});

test('threads that take and release at once never share a row between two names', async () => {
  const memory = makeRows(64, 1);
  const code = `
    import { workerData, parentPort } from 'node:worker_threads';
    const { SharedRows } = await import(workerData.module);
    const rows = new SharedRows(workerData.memory);
    let wrong = 0;
    for (let round = 0; round < 20000; round++) {
      const name = (round * 7 + workerData.first) % 50;
      const row = rows.take('n' + name);
      const at = rows.at(row);
      const seen = Atomics.compareExchange(rows.cells, at, 0, name + 1);
      if (seen !== 0 && seen !== name + 1) wrong++;
      rows.release(row);
    }
    parentPort.postMessage(wrong);`;
  const module = new URL('../../../src/model/shared/shared-rows.ts', import.meta.url).href;
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const workers = [1, 2, 3].map((first) => new Worker(url, { workerData: { memory, module, first } }));
  const wrong = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'message'))[0] as number),
  );
  assert.deepEqual(wrong, [0, 0, 0]);
  const rows = new SharedRows(memory);
  for (let name = 0; name < 50; name++) {
    const row = rows.find(`n${name}`);
    assert.equal(row === null ? name + 1 : rows.cells[rows.at(row)], name + 1);
  }
});
