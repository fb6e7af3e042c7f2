// What all workers of a run know of an origin, as 32-bit fields in memory that they share. Each origin has a row of its
// own for as long as a target of it is under way; what is known of it stays until another origin needs the room.

import { makeRows, SharedRows } from './shared-rows.ts';

/** Fields of a row. Times are ms after the run's epoch, durations in ticks of 0.1 ms; 0 where nothing is known. */
export const ORIGIN_FIELDS = {
  /** Requests open. */
  open: 0,
  /** End of the pause that the server asked for. */
  pausedUntil: 1,
  /** Requests that may be open at once; 0 before the first, and where the budget is fixed. */
  window: 2,
  phase: 3,
  /** The requests that are judged together: sent from the one time on until there are enough of them, at the other. */
  roundStart: 4,
  roundCut: 5,
  roundWindow: 6,
  roundSent: 7,
  roundNeed: 8,
  /** Of whatever was sent, since the round began: whole answers, and failures without one. */
  roundOk: 9,
  roundTrouble: 10,
  /** Somebody was refused for want of room in this round. */
  roundWanted: 11,
  /** The duration that the first bucket of `DURATION_BUCKETS_AT` stands for, plus one. */
  roundScale: 12,
  /** Durations that a fifth and a half of the requests stay below, where nothing queues. */
  baseLowTicks: 13,
  baseMidTicks: 14,
  /** Answers that these are taken from. */
  baseCount: 15,
  /** Spread of durations, in thousandths of their logarithm. */
  spread: 16,
  /** Answers in a thousand seconds of steady rounds; 0 before the first. */
  rate: 17,
  /** Before the step that is being tried. */
  heldWindow: 18,
  heldLowTicks: 19,
  heldMidTicks: 20,
  heldCount: 21,
  heldRate: 22,
  /** The window at which the server refused. */
  ceiling: 23,
  /** How far to grow at once after a setback. */
  goal: 24,
  flatRounds: 25,
  stepAt: 26,
  backoff: 27,
  /** Refusals close together are one. */
  episodeUntil: 28,
  episodeFloor: 29,
  episodeCount: 30,
  /** Answers to requests sent before this say nothing of the window there is now. */
  cutAt: 31,
  /** Pauses in a row without an answer between. */
  strikes: 32,
  /** When the first attempt began that has been followed by no byte from there. */
  silentSince: 33,
  /** When an attempt last failed without a byte. */
  failedAt: 34,
  /** Least time between two requests that robots.txt asks for, and when the next may begin (in hundredths, wrapping). */
  spacing: 35,
  nextStart: 36,
  lock: 37,
  /** It has answered once. */
  isKnown: 38,
  /** Least time between two requests that refusals have taught (origin-pace), and the answers since the last. */
  pace: 39,
  paceAnswers: 40,
  /** Requests of the round that were answered. */
  roundAnswered: 41,
  /** The latest time at which a request went out that was answered. */
  answeredSentAt: 42,
  /** Steady rounds in a row with a queue. */
  slowRounds: 43,
  /** Thousandths of retries that its targets have earned and not made; below 0 within the reserve. */
  retryAccount: 44,
  /** A connection has stood there: 1, or 2 where it was dear. */
  isReached: 45,
  /** Attempts in a row that ended without a byte. */
  fruitless: 46,
  /** It is taken for dead until then; 0 where it never was. */
  deadUntil: 47,
  /** How long the last answer took. */
  answerMs: 48,
} as const;

export type OriginField = keyof typeof ORIGIN_FIELDS;
/** Behind them, how many answers of the round took how long: a histogram of quarter octaves. */
export const DURATION_BUCKETS_AT = 52;
export const DURATION_BUCKETS = 32;
export const FIELDS_PER_ORIGIN = DURATION_BUCKETS_AT + DURATION_BUCKETS;

/** The greatest value of a field; where it is a duration, one that nobody knows the end of. */
export const MAX_CELL = 2 ** 31 - 1;

/** The phase of a window, as its field holds it. */
export const WINDOW_PHASES = ['growing', 'steady', 'raised', 'lowered'] as const;

/** Rows beyond those of targets that are under way: what is remembered of origins that are idle. */
const IDLE_ROWS = 16_384;

/** Memory for the origins of a run. @param targetCount targets that are under way at once, at most */
export function makeOrigins(targetCount: number): SharedArrayBuffer {
  // A target that a redirect moves holds two rows for a moment, and one that changes its worker may be counted twice.
  return makeRows(targetCount * 2 + IDLE_ROWS, FIELDS_PER_ORIGIN);
}

/** Cells for each row of what one worker has there, so that it can be given back when it dies. */
export const OWN_FIELDS = { open: 0, held: 1, fieldCount: 2 } as const;

export function makeOwnRows(origins: SharedArrayBuffer): SharedArrayBuffer {
  return new SharedArrayBuffer(new SharedRows(origins).rowCount * OWN_FIELDS.fieldCount * 4);
}

/** Gives back what a worker had at origins when its thread died: nobody else will. */
export function giveBackRows(origins: SharedArrayBuffer, ownRows: SharedArrayBuffer): void {
  const rows = new SharedRows(origins);
  const own = new Int32Array(ownRows);
  for (let row = 0; row < rows.rowCount; row++) {
    const at = row * OWN_FIELDS.fieldCount;
    const openCount = own[at + OWN_FIELDS.open] as number;
    const heldCount = own[at + OWN_FIELDS.held] as number;
    if (openCount !== 0) Atomics.sub(rows.cells, rows.at(row) + ORIGIN_FIELDS.open, openCount);
    if (heldCount !== 0) rows.release(row, heldCount);
  }
  own.fill(0);
}

/** What was found of one origin. */
export interface OriginKnee {
  readonly origin: string;
  /** Requests open at once that it served best with. */
  readonly window: number;
  /** Answers a second there, in rounds in which the window stood still. */
  readonly perSec: number;
  /** Time that half of the answers took when the origin had little to do. */
  readonly baseMs: number;
  /** It refused more than this many; null where it never did. */
  readonly ceiling: number | null;
}

/** The window found for an origin; null where none was (more always brought more), or where it is forgotten. */
export function readKnee(origins: SharedArrayBuffer, origin: string): OriginKnee | null {
  const rows = new SharedRows(origins);
  const row = rows.find(origin);
  if (row === null) return null;
  const read = (field: OriginField) => Atomics.load(rows.cells, rows.at(row) + ORIGIN_FIELDS[field]);
  const phase = WINDOW_PHASES[read('phase')];
  // What grows has not been found, and what grows back had not either where it was never seen to stand still.
  const isHeld = phase === 'raised' || phase === 'lowered';
  const window = phase === 'growing' ? read('goal') : isHeld ? read('heldWindow') : read('window');
  const rate = read(isHeld ? 'heldRate' : 'rate');
  if (window === 0 || rate === 0) return null;
  const [low, mid] = [read('baseLowTicks'), read('baseMidTicks')];
  const ceiling = read('ceiling');
  return {
    origin,
    window,
    perSec: rate / 1000,
    baseMs: (mid === MAX_CELL ? low : mid) / 10,
    ceiling: ceiling === 0 ? null : ceiling,
  };
}
