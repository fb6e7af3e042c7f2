// One origin's fields in the shared memory, by name, with a lock for the few writes that change several at once.

import { nowMs } from '../../../measure/clock.ts';
import type { FetchShared } from '../../../model/fetch-task.ts';
import { ORIGIN_FIELDS, type OriginField, WINDOW_PHASES } from '../../../model/shared/origin-fields.ts';
import { SharedRows } from '../../../model/shared/shared-rows.ts';
import type { WindowState } from './window-steps.ts';

const TICKS_PER_MS = 10;
const MAX_CELL = 2 ** 31 - 1;
/** A thread that died with the lock in its hands is not waited for. */
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

  /** Milliseconds after the run's epoch, 1 or more: 0 stands for never. */
  now(): number {
    return Math.max(1, this.#clock() - this.#epochMs);
  }

  /** A time of `nowMs` as the fields have it. */
  sinceEpoch(atMs: number): number {
    return atMs - this.#epochMs;
  }

  get(place: number, field: OriginField): number {
    return Atomics.load(this.#fields, this.#rows.at(place) + ORIGIN_FIELDS[field]);
  }

  set(place: number, field: OriginField, value: number): void {
    Atomics.store(
      this.#fields,
      this.#rows.at(place) + ORIGIN_FIELDS[field],
      Math.min(MAX_CELL, Math.round(value)),
    );
  }

  /** @returns the value before */
  add(place: number, field: OriginField, amount: number): number {
    return Atomics.add(this.#fields, this.#rows.at(place) + ORIGIN_FIELDS[field], amount);
  }

  /** @returns whether the field held `before` and now holds `after` */
  swap(place: number, field: OriginField, before: number, after: number): boolean {
    const index = this.#rows.at(place) + ORIGIN_FIELDS[field];
    return Atomics.compareExchange(this.#fields, index, before, Math.round(after)) === before;
  }

  /** Does `change` alone, or not at all where another thread is at it. */
  tryAlone(place: number, change: () => void): boolean {
    const now = Math.ceil(this.now());
    const held = this.get(place, 'lock');
    if (held !== 0 && now - held < LOCK_MS) return false;
    if (!this.swap(place, 'lock', held, now)) return false;
    try {
      change();
    } finally {
      this.set(place, 'lock', 0);
    }
    return true;
  }

  readWindow(place: number): WindowState {
    const get = (field: OriginField) => this.get(place, field);
    return {
      phase: WINDOW_PHASES[get('phase')] ?? 'growing',
      window: get('window'),
      baseMs: this.baseMs(place),
      rate: get('rate') / 1000,
      bestRate: get('bestRate') / 1000,
      heldWindow: get('heldWindow'),
      heldMs: get('heldTicks') / TICKS_PER_MS,
      heldRate: get('heldRate') / 1000,
      ceiling: get('ceiling'),
      goal: get('goal'),
      flatRounds: get('flatRounds'),
      slowRounds: get('slowRounds'),
      stepAtMs: get('stepAt'),
      backoff: get('backoff'),
    };
  }

  /** Writes the state and begins a round of it. */
  writeWindow(place: number, state: WindowState): void {
    const set = (field: OriginField, value: number) => this.set(place, field, value);
    set('phase', WINDOW_PHASES.indexOf(state.phase));
    set('baseTicks', state.baseMs * TICKS_PER_MS);
    set('rate', state.rate * 1000);
    set('bestRate', state.bestRate * 1000);
    set('heldWindow', state.heldWindow);
    set('heldTicks', state.heldMs * TICKS_PER_MS);
    set('heldRate', state.heldRate * 1000);
    set('ceiling', state.ceiling);
    set('goal', state.goal);
    set('flatRounds', state.flatRounds);
    set('slowRounds', state.slowRounds);
    set('stepAt', state.stepAtMs);
    set('backoff', state.backoff);
    set('window', state.window);
    this.beginRound(place);
  }

  beginRound(place: number): void {
    this.set(place, 'roundWindow', this.get(place, 'window'));
    this.set(place, 'roundOk', 0);
    this.set(place, 'roundTicks', 0);
    this.set(place, 'roundTrouble', 0);
    this.set(place, 'roundWanted', 0);
    this.set(place, 'roundStart', Math.ceil(this.now() * TICKS_PER_MS));
  }

  /** Least mean duration of a round. */
  baseMs(place: number): number {
    return this.get(place, 'baseTicks') / TICKS_PER_MS;
  }

  roundStartMs(place: number): number {
    return this.get(place, 'roundStart') / TICKS_PER_MS;
  }

  /** Milliseconds since the round began. */
  roundMs(place: number): number {
    return this.now() - this.roundStartMs(place);
  }

  /** Counts an answer of the round. @returns how many there are now */
  countAnswer(place: number, durationMs: number): number {
    this.add(place, 'roundTicks', Math.max(1, Math.round(durationMs * TICKS_PER_MS)));
    return this.add(place, 'roundOk', 1) + 1;
  }

  roundMeanMs(place: number, okCount: number): number {
    return this.get(place, 'roundTicks') / TICKS_PER_MS / Math.max(1, okCount);
  }
}
