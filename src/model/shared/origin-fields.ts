// What all workers of a run know about an origin, as 32-bit fields in shared memory. Each origin has a row of
// its own while one of its targets is in progress; its data then stays until another origin needs the row.

import { makeRows, SharedRows } from './shared-rows.ts';

/** Fields of a row. Times are ms after the run's epoch, durations in ticks of 0.1 ms; 0 when nothing is known. */
export const ORIGIN_FIELDS = {
  /** Requests open. */
  open: 0,
  /** End of the pause that the server asked for. */
  pausedUntil: 1,
  /** Requests that may be open at once; 0 before the first, and when the budget is fixed. */
  window: 2,
  phase: 3,
  /** The round of requests that is judged together: from its start until enough were sent, at its end. */
  roundStart: 4,
  roundCut: 5,
  roundWindow: 6,
  roundSent: 7,
  roundNeed: 8,
  /**
   * Results since the round began, whenever the request was sent: whole answers, and failures without an answer.
   */
  roundOk: 9,
  roundTrouble: 10,
  /** Set when a request had to wait for room in this round. */
  roundWanted: 11,
  /** The duration that the first bucket of `DURATION_BUCKETS_AT` stands for, plus one. */
  roundScale: 12,
  /** Durations below which a fifth and a half of the requests stay when nothing queues. */
  baseLowTicks: 13,
  baseMidTicks: 14,
  /** How many answers these are taken from. */
  baseCount: 15,
  /** Spread of durations, in thousandths of their logarithm. */
  spread: 16,
  /** Answers in a thousand seconds of steady rounds; 0 before the first. */
  rate: 17,
  /** The window before the step that is being tried. */
  heldWindow: 18,
  heldLowTicks: 19,
  heldMidTicks: 20,
  heldCount: 21,
  heldRate: 22,
  /** The window at which the server refused. */
  ceiling: 23,
  /** The window to grow to at once after a setback. */
  goal: 24,
  flatRounds: 25,
  stepAt: 26,
  backoff: 27,
  /** Until this time, further refusals count as the same one. */
  episodeUntil: 28,
  episodeFloor: 29,
  episodeCount: 30,
  /** Answers to requests sent before this time say nothing about the current window. */
  cutAt: 31,
  /** Pauses in a row without an answer in between. */
  strikes: 32,
  /** When the first attempt began since which no byte has come from the origin. */
  silentSince: 33,
  /** When an attempt last failed without receiving a byte. */
  failedAt: 34,
  /**
   * Least time between two requests that robots.txt asks for, and when the next may start (in hundredths,
   * wrapping).
   */
  spacing: 35,
  nextStart: 36,
  lock: 37,
  /** Set when the origin has answered once. */
  isKnown: 38,
  /**
   * Least time between two requests, learnt from refusals (origin-pace), and the answers since the last refusal.
   */
  pace: 39,
  paceAnswers: 40,
  /** Requests of the round that were answered. */
  roundAnswered: 41,
  /** The latest sending time of a request that was answered. */
  answeredSentAt: 42,
  /** Steady rounds in a row with a queue. */
  slowRounds: 43,
  /** Retries that its targets have earned and not used, in thousandths; below 0 within the reserve. */
  retryAccount: 44,
  /** Set when a connection was opened there: 1, or 2 when it was expensive. */
  isReached: 45,
  /** Attempts in a row that ended without a byte. */
  fruitless: 46,
  /** The origin is considered dead until this time; 0 when it never was. */
  deadUntil: 47,
  /** How long the last answer took. */
  answerMs: 48,
} as const;

export type OriginField = keyof typeof ORIGIN_FIELDS;
/** After the fields, a histogram of the round's answers by duration, in quarter octaves. */
export const DURATION_BUCKETS_AT = 52;
export const DURATION_BUCKETS = 32;
export const FIELDS_PER_ORIGIN = DURATION_BUCKETS_AT + DURATION_BUCKETS;

/** The greatest value of a field; as a duration, one whose end is not known. */
export const MAX_CELL = 2 ** 31 - 1;

/** The phase of a window, as its field holds it. */
export const WINDOW_PHASES = ['growing', 'steady', 'raised', 'lowered'] as const;

/** Rows beyond those of targets in progress, which keep what is known about idle origins. */
const IDLE_ROWS = 16_384;

/** Memory for the origins of a run. @param targetCount the most targets in progress at once */
export function makeOrigins(targetCount: number): SharedArrayBuffer {
  // A target that a redirect moves holds two rows briefly, and one that changes its worker may be counted twice.
  return makeRows(targetCount * 2 + IDLE_ROWS, FIELDS_PER_ORIGIN);
}

/** Cells for each row with what one worker has there, so that it can be given back when the worker dies. */
export const OWN_FIELDS = { open: 0, held: 1, fieldCount: 2 } as const;

export function makeOwnRows(origins: SharedArrayBuffer): SharedArrayBuffer {
  return new SharedArrayBuffer(new SharedRows(origins).rowCount * OWN_FIELDS.fieldCount * 4);
}

/** Gives back what a worker had at origins when its thread died, as the worker cannot. */
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

/** What was found about one origin. */
export interface OriginKnee {
  readonly origin: string;
  /** The number of open requests that the origin served best. */
  readonly window: number;
  /** Answers a second in rounds in which the window did not change. */
  readonly perSec: number;
  /** Time within which half of the answers came when the origin had little to do. */
  readonly baseMs: number;
  /** The origin refused more than this many; null when it never refused. */
  readonly ceiling: number | null;
}

/** The window found for an origin; null when none was found (more always helped) or its row was dropped. */
export function readKnee(origins: SharedArrayBuffer, origin: string): OriginKnee | null {
  const rows = new SharedRows(origins);
  const row = rows.find(origin);
  if (row === null) return null;
  const read = (field: OriginField) => Atomics.load(rows.cells, rows.at(row) + ORIGIN_FIELDS[field]);
  const phase = WINDOW_PHASES[read('phase')];
  // A growing window is not found yet; one that grows back counts only if it was steady before.
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
