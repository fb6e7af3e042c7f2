// What all workers of a run know of an origin, as 32-bit fields in memory that they share. An origin finds its place by
// a hash of its name; two that meet in one place share a budget, which is politer than asked, never ruder.

/** Places for origins; a power of two. */
export const PLACE_COUNT = 1 << 15;

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

/** Where an origin's fields are: FNV-1a over its name. */
export function placeOf(origin: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < origin.length; at++) {
    hash ^= origin.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  return ((hash >>> 16) ^ hash) & (PLACE_COUNT - 1);
}

/** Memory in which one worker counts its own open requests by place, so that they can be given back when it dies. */
export const OWN_OPEN_BYTES = PLACE_COUNT * 4;

/** Gives back the requests that a worker had open when its thread died: nobody else will. */
export function giveBackOpen(budgets: SharedArrayBuffer, ownOpen: SharedArrayBuffer): void {
  const fields = new Int32Array(budgets, 0, PLACE_COUNT * FIELDS_PER_ORIGIN);
  const own = new Int32Array(ownOpen);
  for (const [place, count] of own.entries()) {
    if (count === 0) continue;
    Atomics.sub(fields, place * FIELDS_PER_ORIGIN + ORIGIN_FIELDS.open, count);
    own[place] = 0;
  }
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

/** The window found for an origin; null where none was. */
export function readKnee(budgets: SharedArrayBuffer, origin: string): OriginKnee | null {
  const fields = new Int32Array(budgets, placeOf(origin) * FIELDS_PER_ORIGIN * 4, FIELDS_PER_ORIGIN);
  const read = (field: OriginField) => Atomics.load(fields, ORIGIN_FIELDS[field]);
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
