// The fields of one origin in shared memory, by name, with a lock for the few writes that change several at
// once.

import { nowMs } from '../../../measure/clock.ts';
import type { FetchShared } from '../../../model/fetch-task.ts';
import {
  DURATION_BUCKETS,
  DURATION_BUCKETS_AT,
  MAX_CELL,
  ORIGIN_FIELDS,
  type OriginField,
  WINDOW_PHASES,
} from '../../../model/shared/origin-fields.ts';
import { SharedRows } from '../../../model/shared/shared-rows.ts';
import { roundCount, type WindowState } from './window-steps.ts';

const TICKS_PER_MS = 10;
const BUCKETS_PER_OCTAVE = 4;
/** Buckets for durations shorter than the base; the other buckets reach up to 45 times the base. */
const BUCKETS_BELOW_BASE = 10;
/** A lock this old counts as abandoned: its thread has died. */
const LOCK_MS = 1_000;

export class OriginFields {
  readonly #rows: SharedRows;
  readonly #fields: Int32Array;
  readonly #epochMs: number;
  readonly #clock: () => number;

  /** @param clock milliseconds, the same for all threads. @default `nowMs` */
  constructor(shared: FetchShared, clock: () => number = nowMs) {
    this.#rows = new SharedRows(shared.origins);
    this.#fields = this.#rows.cells;
    this.#epochMs = shared.epochMs;
    this.#clock = clock;
  }

  /** Milliseconds after the run's epoch, at least 1, because 0 stands for never. */
  now(): number {
    return Math.max(1, this.#clock() - this.#epochMs);
  }

  /** Converts a time of `nowMs` to the clock of the fields. */
  sinceEpoch(atMs: number): number {
    return atMs - this.#epochMs;
  }

  get(row: number, field: OriginField): number {
    return Atomics.load(this.#fields, this.#rows.at(row) + ORIGIN_FIELDS[field]);
  }

  set(row: number, field: OriginField, value: number): void {
    Atomics.store(
      this.#fields,
      this.#rows.at(row) + ORIGIN_FIELDS[field],
      Math.min(MAX_CELL, Math.round(value)),
    );
  }

  /** @returns the value before the addition */
  add(row: number, field: OriginField, amount: number): number {
    return Atomics.add(this.#fields, this.#rows.at(row) + ORIGIN_FIELDS[field], amount);
  }

  /** Sets the field to `after` if it holds `before`. @returns whether it did */
  swap(row: number, field: OriginField, before: number, after: number): boolean {
    const index = this.#rows.at(row) + ORIGIN_FIELDS[field];
    return Atomics.compareExchange(this.#fields, index, before, Math.round(after)) === before;
  }

  /** Runs `change` under the lock, or not at all while another thread holds it. */
  tryAlone(row: number, change: () => void): boolean {
    const now = Math.ceil(this.now());
    const held = this.get(row, 'lock');
    if (held !== 0 && now - held < LOCK_MS) return false;
    if (!this.swap(row, 'lock', held, now)) return false;
    try {
      change();
    } finally {
      this.set(row, 'lock', 0);
    }
    return true;
  }

  readWindow(row: number): WindowState {
    const get = (field: OriginField) => this.get(row, field);
    const ms = (field: OriginField) => get(field) / TICKS_PER_MS;
    const mid = (field: OriginField) => (get(field) === MAX_CELL ? Number.POSITIVE_INFINITY : ms(field));
    return {
      phase: WINDOW_PHASES[get('phase')] ?? 'growing',
      window: get('window'),
      base: { lowMs: ms('baseLowTicks'), midMs: mid('baseMidTicks'), count: get('baseCount') },
      spread: get('spread') / 1000,
      rate: get('rate') / 1000,
      heldWindow: get('heldWindow'),
      held: { lowMs: ms('heldLowTicks'), midMs: mid('heldMidTicks'), count: get('heldCount') },
      heldRate: get('heldRate') / 1000,
      ceiling: get('ceiling'),
      goal: get('goal'),
      flatRounds: get('flatRounds'),
      slowRounds: get('slowRounds'),
      stepAtMs: get('stepAt'),
      backoff: get('backoff'),
    };
  }

  /** Writes the state and begins a round with it. */
  writeWindow(row: number, state: WindowState): void {
    const set = (field: OriginField, value: number) => this.set(row, field, value);
    set('phase', WINDOW_PHASES.indexOf(state.phase));
    set('baseLowTicks', state.base.lowMs * TICKS_PER_MS);
    set('baseMidTicks', state.base.midMs * TICKS_PER_MS);
    set('baseCount', state.base.count);
    set('spread', state.spread * 1000);
    set('rate', state.rate * 1000);
    set('heldWindow', state.heldWindow);
    set('heldLowTicks', state.held.lowMs * TICKS_PER_MS);
    set('heldMidTicks', state.held.midMs * TICKS_PER_MS);
    set('heldCount', state.held.count);
    set('heldRate', state.heldRate * 1000);
    set('ceiling', state.ceiling);
    set('goal', state.goal);
    set('flatRounds', state.flatRounds);
    set('slowRounds', state.slowRounds);
    set('stepAt', state.stepAtMs);
    set('backoff', state.backoff);
    set('window', state.window);
    this.beginRound(row, roundCount(state));
  }

  /** Begins a round of `count` requests. */
  beginRound(row: number, count: number): void {
    this.set(row, 'roundWindow', this.get(row, 'window'));
    this.set(row, 'roundNeed', count);
    this.set(row, 'roundSent', 0);
    this.set(row, 'roundCut', 0);
    this.set(row, 'roundOk', 0);
    this.set(row, 'roundAnswered', 0);
    this.set(row, 'roundTrouble', 0);
    this.set(row, 'roundWanted', 0);
    const baseTicks = this.get(row, 'baseLowTicks');
    this.set(row, 'roundScale', baseTicks === 0 ? 0 : scaleFor(baseTicks));
    const first = this.#bucketsAt(row);
    for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) Atomics.store(this.#fields, first + bucket, 0);
    this.set(row, 'roundStart', Math.ceil(this.now() * TICKS_PER_MS));
  }

  /** Counts a request that goes out, if the round is not complete. */
  countSent(row: number): void {
    if (this.get(row, 'roundCut') !== 0) return;
    const sentCount = this.add(row, 'roundSent', 1) + 1;
    if (sentCount >= this.get(row, 'roundNeed'))
      this.set(row, 'roundCut', Math.ceil(this.now() * TICKS_PER_MS));
  }

  /** Whether a request that went out at `sentAtMs` belongs to the round. */
  isOfRound(row: number, sentAtMs: number): boolean {
    const ticks = Math.ceil(sentAtMs * TICKS_PER_MS);
    const cut = this.get(row, 'roundCut');
    return ticks >= this.get(row, 'roundStart') && (cut === 0 || ticks <= cut);
  }

  countDuration(row: number, durationMs: number): void {
    this.add(row, 'roundAnswered', 1);
    const ticks = durationMs * TICKS_PER_MS;
    // The very first answer is the only hint of how long others take.
    if (this.get(row, 'roundScale') === 0) this.swap(row, 'roundScale', 0, scaleFor(ticks));
    const bucket = bucketOf(ticks) - (this.get(row, 'roundScale') - 1);
    const index = Math.min(DURATION_BUCKETS - 1, Math.max(0, bucket));
    Atomics.add(this.#fields, this.#bucketsAt(row) + index, 1);
  }

  /** The duration that this part of the round's requests stays below; Infinity where too few are answered. */
  roundQuantileMs(row: number, ratio: number): number {
    const sentCount = this.get(row, 'roundSent') - this.get(row, 'roundTrouble');
    const rank = Math.max(1, sentCount * ratio);
    const scale = Math.max(0, this.get(row, 'roundScale') - 1);
    const first = this.#bucketsAt(row);
    let below = 0;
    for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) {
      const count = Atomics.load(this.#fields, first + bucket);
      if (below + count >= rank)
        return 2 ** ((scale + bucket + (rank - below) / count) / BUCKETS_PER_OCTAVE) / TICKS_PER_MS;
      below += count;
    }
    return Number.POSITIVE_INFINITY;
  }

  roundStartMs(row: number): number {
    return this.get(row, 'roundStart') / TICKS_PER_MS;
  }

  /** When the last request of the round went out; 0 while more are to come. */
  roundCutMs(row: number): number {
    return this.get(row, 'roundCut') / TICKS_PER_MS;
  }

  /** Milliseconds since the round began. */
  roundMs(row: number): number {
    return this.now() - this.roundStartMs(row);
  }

  #bucketsAt(row: number): number {
    return this.#rows.at(row) + DURATION_BUCKETS_AT;
  }
}

/** The first bucket, plus one, where quick answers take this long. */
function scaleFor(ticks: number): number {
  return Math.max(0, bucketOf(ticks) - BUCKETS_BELOW_BASE) + 1;
}

function bucketOf(ticks: number): number {
  return Math.floor(Math.log2(Math.max(1, ticks)) * BUCKETS_PER_OCTAVE);
}
