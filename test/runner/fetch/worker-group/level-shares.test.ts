import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chooseMove,
  isSettledDown,
  type WorkerShare,
} from '../../../../src/runner/fetch/worker-group/level-shares.ts';

const shareOf = (pendingCount: number, more: Partial<WorkerShare> = {}): WorkerShare => ({
  pendingCount,
  maxInFlight: 8,
  isAllBegun: false,
  isAsked: false,
  ...more,
});

test('a worker that runs out gets half of what the richest has more', () => {
  assert.deepEqual(chooseMove([shareOf(0), shareOf(30), shareOf(100)]), { from: 2, count: 50 });
  assert.deepEqual(chooseMove([shareOf(40), shareOf(16)]), { from: 0, count: 12 });
});

test('nothing moves while everybody has enough, nor for a difference that will even out', () => {
  assert.equal(chooseMove([shareOf(17), shareOf(1000)]), null);
  assert.equal(chooseMove([shareOf(8), shareOf(10)]), null);
  assert.equal(chooseMove([shareOf(0), shareOf(1)]), null);
  assert.equal(chooseMove([shareOf(500)]), null);
});

test('whoever has begun all it was given is not asked, and nobody while an answer is awaited', () => {
  assert.deepEqual(chooseMove([shareOf(0), shareOf(30), shareOf(100, { isAllBegun: true })]), {
    from: 1,
    count: 15,
  });
  assert.equal(chooseMove([shareOf(0), shareOf(30), shareOf(100, { isAsked: true })]), null);
});

test('moves come to an end, and then no worker has something to give while another has nothing', () => {
  for (const counts of [
    [0, 1000],
    [3, 7, 900],
    [0, 0, 0, 2],
    [1, 1],
  ]) {
    const shares = counts.map((pendingCount) => ({
      pendingCount,
      maxInFlight: 8,
      isAllBegun: false,
      isAsked: false,
    }));
    let moves = 0;
    for (let move = chooseMove(shares); move !== null; move = chooseMove(shares)) {
      const giver = shares[move.from];
      const [taker] = shares.toSorted((a, b) => a.pendingCount - b.pendingCount);
      if (giver === undefined || taker === undefined) throw new Error('no such worker');
      giver.pendingCount -= move.count;
      taker.pendingCount += move.count;
      assert.ok(++moves < 50, `still moving: ${JSON.stringify(shares)}`);
    }
    const left = shares.map(({ pendingCount }) => pendingCount);
    assert.ok(Math.min(...left) > 0 || Math.max(...left) <= 1, left.join(', '));
  }
});

test('all is settled down once every target left is begun, or could not make a difference', () => {
  assert.equal(isSettledDown([shareOf(0), shareOf(1)]), true);
  assert.equal(isSettledDown([shareOf(0), shareOf(5, { isAllBegun: true })]), true);
  assert.equal(isSettledDown([shareOf(4), shareOf(5, { isAllBegun: true })]), false);
  assert.equal(isSettledDown([shareOf(0), shareOf(5, { isAllBegun: true, isAsked: true })]), false);
  assert.equal(isSettledDown([shareOf(0), shareOf(1, { isAsked: true })]), false);
});
