import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPaused, noteAnswer, noteRefusal, noteShortLife } from '../../../src/workers/trial/slot-health.ts';
import type { SlotState } from '../../../src/workers/trial/trial-exchange.ts';

const SWEEP_MS = 50;

function slotState(depth: number): SlotState {
  return {
    slot: { depth },
    fullDepth: depth,
    answers: 0,
    refusals: 0,
    refusedInSweep: 0,
    pausedUntilSweep: 0,
  } as unknown as SlotState;
}

function answer(state: SlotState, count: number): void {
  for (let index = 0; index < count; index++) noteAnswer(state);
}

test('a connection that ends after three answers is asked for three, and one that lasts for more, doubled', () => {
  const state = slotState(20);
  answer(state, 3);
  noteShortLife(state);
  assert.equal(state.slot.depth, 3);
  state.answers = 0;
  const depths = [11, 1, 11, 1, 23, 1].map((count) => {
    answer(state, count);
    return state.slot.depth;
  });
  assert.deepEqual(depths, [3, 6, 6, 12, 12, 20]);
});

test('a server that ends every connection after its answers is never asked for more', () => {
  const state = slotState(100);
  for (let connection = 0; connection < 50; connection++) {
    state.answers = 0;
    answer(state, 7);
    noteShortLife(state);
    assert.equal(state.slot.depth, 7);
  }
});

test('a connection that brought nothing says nothing about depth', () => {
  const state = slotState(8);
  noteShortLife(state);
  assert.equal(state.slot.depth, 8);
});

test('the pauses of a slot that is refused double up to a second, and end after five', () => {
  const state = slotState(1);
  const pausesMs: number[] = [];
  let sweep = 1;
  for (; sweep * SWEEP_MS < 8_000; sweep++) {
    if (isPaused(state, sweep)) continue;
    noteRefusal(state, sweep, SWEEP_MS, 1);
    pausesMs.push(Math.max(0, state.pausedUntilSweep - sweep) * SWEEP_MS);
  }
  assert.deepEqual(pausesMs.slice(0, 9), [100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000, 0]);
  assert.ok(pausesMs.slice(9).every((pauseMs) => pauseMs === 0));
});

test('several requests that were refused together are one refusal', () => {
  const state = slotState(4);
  for (let index = 0; index < 4; index++) noteRefusal(state, 1, SWEEP_MS, 1);
  assert.deepEqual([state.refusals, state.pausedUntilSweep], [1, 3]);
});
