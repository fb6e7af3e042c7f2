// What all workers of a run know of an origin, as 32-bit fields in memory that they share. Each origin has a place of its
// own for as long as a target of it is under way; what is known of it stays until another origin needs the room.

import { makeRows, SharedRows } from './shared-rows.ts';

/** Fields of a place. Times are ms after the run's epoch, durations in ticks of 0.1 ms; 0 where nothing is known. */
export const ORIGIN_FIELDS = {
  /** Requests open. */
  open: 0,
  /** End of the pause that the server asked for. */
  pausedUntil: 1,
  /** Requests that may be open at once; 0 before the first, and where the budget is fixed. */
  window: 2,
  phase: 3,
  /** What answered since the round began, its duration, and what failed without an answer. */
  roundStart: 4,
  roundWindow: 5,
  roundOk: 6,
  roundTicks: 7,
  roundTrouble: 8,
  /** Somebody was refused for want of room in this round. */
  roundWanted: 9,
  baseTicks: 10,
  /** Answers in a thousand seconds: of the last rounds, the most so far, and before the step that is being tried. */
  rate: 11,
  bestRate: 12,
  heldWindow: 13,
  heldTicks: 14,
  heldRate: 15,
  /** The window at which the server refused. */
  ceiling: 16,
  /** How far to grow at once after a setback. */
  goal: 17,
  flatRounds: 18,
  slowRounds: 19,
  stepAt: 20,
  backoff: 21,
  /** Refusals close together are one. */
  episodeUntil: 22,
  episodeFloor: 23,
  episodeCount: 24,
  /** Answers to requests sent before this say nothing of the window there is now. */
  cutAt: 25,
  /** Pauses in a row without an answer between. */
  strikes: 26,
  /** When the first attempt began that has been followed by no byte from there. */
  silentSince: 27,
  /** When an attempt last failed without a byte. */
  failedAt: 28,
  /** Least time between two requests that robots.txt asks for, and when the next may begin (in hundredths, wrapping). */
  spacing: 29,
  nextStart: 30,
  lock: 31,
  /** It has answered once. */
  isKnown: 32,
  /** Least time between two requests that refusals have taught (origin-pace), and the answers since the last. */
  pace: 33,
  paceAnswers: 34,
} as const;

export type OriginField = keyof typeof ORIGIN_FIELDS;
export const FIELDS_PER_ORIGIN = 40;

/** The phase of a window, as its field holds it. */
export const WINDOW_PHASES = ['growing', 'steady', 'raised', 'lowered'] as const;

/** Places beyond those of targets that are under way: what is remembered of origins that are idle. */
const IDLE_PLACES = 16_384;

/** Memory for the origins of a run. @param targetCount targets that are under way at once, at most */
export function makeOrigins(targetCount: number): SharedArrayBuffer {
  // A target that a redirect moves holds two places for a moment, and one that changes its worker may be counted twice.
  return makeRows(targetCount * 2 + IDLE_PLACES, FIELDS_PER_ORIGIN);
}

/** Cells for each place of what one worker has there, so that it can be given back when it dies. */
export const OWN_FIELDS = { open: 0, held: 1, fieldCount: 2 } as const;

export function makeOwnPlaces(origins: SharedArrayBuffer): SharedArrayBuffer {
  return new SharedArrayBuffer(new SharedRows(origins).rowCount * OWN_FIELDS.fieldCount * 4);
}

/** Gives back what a worker had at origins when its thread died: nobody else will. */
export function giveBackPlaces(origins: SharedArrayBuffer, ownPlaces: SharedArrayBuffer): void {
  const rows = new SharedRows(origins);
  const own = new Int32Array(ownPlaces);
  for (let place = 0; place < rows.rowCount; place++) {
    const at = place * OWN_FIELDS.fieldCount;
    const openCount = own[at + OWN_FIELDS.open] as number;
    const heldCount = own[at + OWN_FIELDS.held] as number;
    if (openCount !== 0) Atomics.sub(rows.cells, rows.at(place) + ORIGIN_FIELDS.open, openCount);
    if (heldCount !== 0) rows.release(place, heldCount);
  }
  own.fill(0);
}

/** What was found of one origin. */
export interface OriginKnee {
  readonly origin: string;
  /** Requests open at once that it served best with. */
  readonly window: number;
  /** Answers a second there. */
  readonly perSec: number;
  /** Mean time of an answer when the origin had little to do. */
  readonly baseMs: number;
  /** It refused more than this many; null where it never did. */
  readonly ceiling: number | null;
}

/** The window found for an origin; null where none was, or where it is forgotten. */
export function readKnee(origins: SharedArrayBuffer, origin: string): OriginKnee | null {
  const rows = new SharedRows(origins);
  const place = rows.find(origin);
  if (place === null) return null;
  const read = (field: OriginField) => Atomics.load(rows.cells, rows.at(place) + ORIGIN_FIELDS[field]);
  const phase = WINDOW_PHASES[read('phase')];
  // What still grows, or grows back, has not been found.
  const window =
    phase === 'growing' ? read('goal') : phase === 'steady' ? read('window') : read('heldWindow');
  if (window === 0) return null;
  const ceiling = read('ceiling');
  return {
    origin,
    window,
    perSec: read(phase === 'raised' || phase === 'lowered' ? 'heldRate' : 'rate') / 1000,
    baseMs: read('baseTicks') / 10,
    ceiling: ceiling === 0 ? null : ceiling,
  };
}
