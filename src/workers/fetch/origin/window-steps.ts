// How many requests an origin is given at once: slow start, then steps up and down that are kept or taken
// back by their effect. Pure: takes a state and what was seen, returns the next state. No clock, no shared
// memory.
//
// Durations differ by URL, so one slow answer is no sign of a queue. A queue makes quick answers slow as
// well, so quantiles (a fifth, a half) of requests that were sent together, answered or not, are compared
// with the same quantiles before. Where they seem to have grown, fewer requests are tried. If these are
// quicker, there was a queue; if not, the origin or the list has changed, and the window goes back.
//
// From TCP: slow start with an exit on growing delay (Vegas, Brakmo and Peterson 1995; HyStart, Ha and Rhee
// 2011), one cut for refusals that come close together (AIMD), a search between window and ceiling (CUBIC,
// RFC 9438). From BBR (Cardwell and others, ACM Queue 2016): fewer requests show what the least delay is now.
// From Netflix's concurrency-limits (Gradient2, 2018): a tolerance for queues that nobody would notice.

/** How a window moves. `raised` and `lowered`: a step up or down is being tried. */
export type WindowPhase = 'growing' | 'steady' | 'raised' | 'lowered';

/** Durations that a fifth and a half of some requests stay below. */
export interface Spans {
  readonly lowMs: number;
  /** Infinity where more than half of them had no answer. */
  readonly midMs: number;
  /** Number of requests in the sample; 0 where nothing is known. */
  readonly count: number;
}

export interface WindowState {
  readonly phase: WindowPhase;
  /** Requests that may be open at once. */
  readonly window: number;
  /** Durations where nothing queues. */
  readonly base: Spans;
  /** Standard deviation of the logarithm of durations. */
  readonly spread: number;
  /** Answers a second in the last steady rounds; 0 before the first. */
  readonly rate: number;
  /** Window and durations before the step that is being tried. */
  readonly heldWindow: number;
  readonly held: Spans;
  readonly heldRate: number;
  /** Window at which the server refused; 0 where it never did. */
  readonly ceiling: number;
  /** Where growing ends after a setback; 0 for no end. */
  readonly goal: number;
  /** Steps past the ceiling in a row that went well. */
  readonly flatRounds: number;
  /** Steady rounds in a row that showed a queue. */
  readonly slowRounds: number;
  /** No step up before this. */
  readonly stepAtMs: number;
  /** Steps in a row that were taken back. */
  readonly backoff: number;
}

/** What happened to requests that were sent one after the other. */
export interface Round extends Spans {
  /** Whole answers a second, including those to earlier requests. */
  readonly perSec: number;
  /** True where the window kept somebody waiting. */
  readonly isWanted: boolean;
  readonly endedAtMs: number;
}

export const LOW_RATIO = 0.2;
export const MID_RATIO = 0.5;
/** Distance between the two quantiles in a normal distribution, in standard deviations. */
const LOW_TO_MID_DEVIATIONS = 0.8416;
/** Standard error of the logarithm of such a quantile, for a deviation of one and one sample. */
const QUANTILE_ERROR = 1.35;

export const START_WINDOW = 8;
/**
 * A queue that adds less than this is tolerated, so that a server that answers at once may always be asked
 * for more.
 */
const TOLERATED_MS = 10;
/** Where answers come within the tolerance, growth does not stop below this. */
export const QUICK_WINDOW = 64;
export const QUICK_MS = 25;
const SLOW_LOG = Math.log(1.5);
/** A queue of this size keeps a server busy. */
const SOUND_LOG = Math.log(1.15);
/** Rounds in a row that must show a queue. */
const SLOW_ROUNDS = 2;
const RAISE_RATIO = 1.25;
/** Smallest and largest part of the window that a step down leaves. */
const LEAST_LOWER_RATIO = 0.5;
const MOST_LOWER_RATIO = 0.7;
/** Step past a known ceiling. */
const CREEP_RATIO = 0.02;
const STEP_EVERY_MS = 1_000;
const STEP_EVERY_ROUNDS = 8;
const MAX_STEP_WAIT_MS = 30_000;
/**
 * Answers to wait for before the next step, for each refusal that a step past the ceiling cost: keeps
 * refusals below half a percent.
 */
const ANSWERS_PER_REFUSAL = 250;
/** Part of the window before a setback that is grown back to at once. */
const REGAIN_RATIO = 0.8;
/** Requests of a round where the spread is one, and its bounds. */
const ROUND_COUNT = 200;
const LEAST_ROUND_COUNT = 16;
const MOST_ROUND_COUNT = 400;
/** Most requests of a round for each one that may be open. */
const MOST_TURNS = 4;
/** Spread before one is known. */
const USUAL_SPREAD = 0.7;
const NO_SPANS: Spans = { lowMs: 0, midMs: 0, count: 0 };

export const INITIAL_WINDOW: WindowState = {
  phase: 'growing',
  window: START_WINDOW,
  base: NO_SPANS,
  spread: USUAL_SPREAD,
  rate: 0,
  heldWindow: 0,
  held: NO_SPANS,
  heldRate: 0,
  ceiling: 0,
  goal: 0,
  flatRounds: 0,
  slowRounds: 0,
  stepAtMs: 0,
  backoff: 0,
};

/**
 * Requests of the next round: as many as may be open, and enough that their spread does not hide the effect
 * of a step.
 */
export function roundCount({ phase, window, spread }: WindowState): number {
  if (phase === 'growing') return window;
  const telling = Math.min(MOST_ROUND_COUNT, ROUND_COUNT * spread ** 2, window * MOST_TURNS);
  return Math.ceil(Math.max(LEAST_ROUND_COUNT, telling, window));
}

/** The state after a round. @param most the largest window allowed */
export function afterRound(state: WindowState, round: Round, most: number): WindowState {
  const next = AFTER[state.phase](learn(state, round), round);
  return next.window <= most ? next : { ...next, window: most };
}

const AFTER = {
  growing: afterGrowing,
  steady: afterSteady,
  raised: afterRaised,
  lowered: afterLowered,
} as const;

/** Updates the spread. Growing rounds end before their median is known, and leave it unchanged. */
function learn(state: WindowState, { lowMs, midMs }: Round): WindowState {
  if (!Number.isFinite(midMs)) return state;
  const spread = Math.max(0, Math.log(midMs / lowMs)) / LOW_TO_MID_DEVIATIONS;
  return { ...state, spread: (state.spread + spread) / 2 };
}

/** Adds a round without a queue to the base: a weighted mean of logarithms. */
function withBase(state: WindowState, round: Spans): WindowState {
  const { base } = state;
  if (base.count === 0) return { ...state, base: spansOf(round) };
  // Durations that are longer than chance explains may include a queue.
  if (meanRise(base, round) > noiseOf(state.spread, base, round)) return state;
  const count = base.count + round.count;
  const part = round.count / count;
  const mix = (before: number, now: number) =>
    Number.isFinite(now) && Number.isFinite(before)
      ? before ** (1 - part) * now ** part
      : Math.min(before, now);
  return {
    ...state,
    base: {
      lowMs: mix(base.lowMs, round.lowMs),
      midMs: mix(base.midMs, round.midMs),
      count: Math.min(count, MOST_ROUND_COUNT),
    },
  };
}

function spansOf({ lowMs, midMs, count }: Spans): Spans {
  return { lowMs, midMs, count };
}

/** How much longer requests take than before, as logarithms. */
function rises(before: Spans, now: Spans, toleratedMs = 0): { low: number; mid: number } {
  const log = (was: number, is: number) => Math.log(Math.max(is - toleratedMs, 0.01) / Math.max(was, 0.01));
  const low = log(before.lowMs, now.lowMs);
  const isMidKnown = Number.isFinite(before.midMs) && Number.isFinite(now.midMs);
  return { low, mid: isMidKnown ? log(before.midMs, now.midMs) : low };
}

const meanRise = (before: Spans, now: Spans): number => {
  const { low, mid } = rises(before, now);
  return (low + mid) / 2;
};

/** The standard error of a rise. */
function noiseOf(spread: number, before: Spans, now: Spans): number {
  return QUANTILE_ERROR * spread * Math.sqrt(1 / Math.max(1, before.count) + 1 / Math.max(1, now.count));
}

/**
 * How much longer requests take than without a queue, beyond tolerance and chance; quick and median answers
 * both have to show it.
 */
function queueOf({ base, spread }: WindowState, round: Spans): number {
  if (base.count === 0) return 0;
  const { low, mid } = rises(base, round, TOLERATED_MS);
  return Math.min(low, mid) - noiseOf(spread, base, round);
}

/** How long requests take: the median where it is known. */
export function usualMs({ lowMs, midMs }: Spans): number {
  return Number.isFinite(midMs) ? midMs : lowMs;
}

function isQuick({ midMs }: Spans): boolean {
  return midMs <= QUICK_MS;
}

function afterGrowing(state: WindowState, round: Round): WindowState {
  const { window, goal } = state;
  if (goal > 0 && window >= goal) return toSteady(state, round);
  // Looks at the window as it is now first: what was measured was sent while it grew.
  if (queueOf(state, round) > SLOW_LOG && round.isWanted && window > 1)
    return { ...toSteady(state, round), slowRounds: 1 };
  const next = withBase(state, round);
  if (!round.isWanted) return next;
  // Beyond that, a round of quick answers ends before its effect is known, so the window takes one judged
  // step at a time.
  return isQuick(round) && window >= QUICK_WINDOW ? toSteady(next, round) : next;
}

function afterSteady(state: WindowState, round: Round): WindowState {
  const rate = state.rate === 0 ? round.perSec : (state.rate + round.perSec) / 2;
  const next = { ...withBase(state, round), rate, slowRounds: state.slowRounds };
  if (!round.isWanted) return next;
  const queue = queueOf(state, round);
  const isDue = round.endedAtMs >= state.stepAtMs;
  // An origin that refuses what is too much keeps no queue that smaller windows would remove.
  const most = isDue && state.ceiling === 0 ? SOUND_LOG : SLOW_LOG;
  if (queue > most && state.window > 1) {
    // A single slow round may be this machine's own, which was busy with something else.
    const isSure = state.slowRounds + 1 >= SLOW_ROUNDS;
    return isSure ? toLowered(next, round) : { ...next, slowRounds: state.slowRounds + 1 };
  }
  next.slowRounds = 0;
  const hasHeadroom =
    queue <= 0 && state.ceiling === 0 && state.backoff === 0 && state.heldWindow <= state.window;
  if (hasHeadroom && !isQuick(round)) return { ...next, phase: 'growing', goal: 0 };
  if (!isDue) return next;
  return {
    ...next,
    heldWindow: state.window,
    held: spansOf(round),
    heldRate: rate,
    phase: 'raised',
    window: raisedWindow(state),
  };
}

/** Steps down by as much as answers seem to wait for each other. */
function toLowered(state: WindowState, round: Round): WindowState {
  const { window } = state;
  const ratio = Math.exp(SOUND_LOG - queueOf(state, round));
  const lower = Math.floor(window * Math.min(MOST_LOWER_RATIO, Math.max(LEAST_LOWER_RATIO, ratio)));
  return {
    ...state,
    heldWindow: window,
    held: spansOf(round),
    heldRate: state.phase === 'steady' ? state.rate : 0,
    phase: 'lowered',
    window: Math.max(1, lower),
    slowRounds: 0,
  };
}

/**
 * The next window to try: halfway to the ceiling, a little past it, or a quarter more where no ceiling is
 * known.
 */
function raisedWindow({ window, ceiling, flatRounds }: WindowState): number {
  const gap = ceiling - 1 - window;
  if (ceiling > 0 && gap > 0) return window + Math.ceil(gap / 2);
  // Each step past the ceiling that went well doubles the next.
  if (ceiling > 0) return window + Math.max(1, Math.floor(window * CREEP_RATIO * 2 ** flatRounds));
  return Math.max(window + 2, Math.ceil(window * RAISE_RATIO));
}

function afterRaised(state: WindowState, round: Round): WindowState {
  const { window, heldWindow, held, heldRate, ceiling, goal } = state;
  if (!round.isWanted) return toSteady({ ...state, window: heldWindow, rate: state.heldRate }, round);
  const halfStep = Math.log(window / heldWindow) / 2;
  const quick = isQuick(round);
  const isSound = queueOf(state, round) <= SOUND_LOG || round.midMs < held.midMs + 0.5;
  // By Little's law, more requests in the same time give more answers; durations are steadier than a count.
  if (!isSound && meanRise(held, round) > halfStep) return takeBack(state, round, 0);
  // A server that still warms up gets quicker by itself, so both durations and rate have to show the gain.
  if (quick && round.perSec < heldRate * (1 + (window / heldWindow - 1) / 2))
    return takeBack(state, round, 0);
  const next = { ...withBase(state, round), rate: round.perSec, backoff: 0, heldWindow: 0 };
  if (ceiling === 0 && goal === 0 && !quick) return { ...next, phase: 'growing', flatRounds: 0 };
  const isPast = ceiling > 0 && window >= ceiling;
  const flatRounds = isPast ? Math.min(state.flatRounds + 1, 5) : 0;
  return { ...toSteady(next, round), ceiling: isPast ? window + 1 : ceiling, flatRounds };
}

function afterLowered(state: WindowState, round: Round): WindowState {
  const { heldWindow, held, window } = state;
  const halfStep = Math.log(heldWindow / window) / 2;
  if (meanRise(round, held) > halfStep) return toSteady({ ...state, rate: 0 }, round);
  // Fewer requests were not quicker: the server has become slower or the list has changed, whatever the
  // window.
  const back = { ...state, window: heldWindow, heldWindow: 0, rate: state.heldRate, base: held };
  return state.ceiling === 0 && !isQuick(round)
    ? { ...back, phase: 'growing', goal: 0 }
    : toSteady(back, round);
}

/** Undoes the step. @param refusals that it cost */
function takeBack(state: WindowState, round: Pick<Round, 'endedAtMs'>, refusals: number): WindowState {
  const back = {
    ...state,
    window: state.heldWindow,
    rate: state.heldRate,
    backoff: Math.min(state.backoff + 1, 5),
  };
  return toSteady(back, round, refusals);
}

function toSteady(state: WindowState, { endedAtMs }: Pick<Round, 'endedAtMs'>, refusals = 0): WindowState {
  const steps = { ...state, phase: 'steady' as const, flatRounds: 0, goal: 0 };
  return { ...steps, stepAtMs: endedAtMs + stepWaitMs(state, refusals) };
}

function stepWaitMs({ backoff, base, rate }: WindowState, refusals: number): number {
  const plainMs = Math.min(STEP_EVERY_MS, base.lowMs * STEP_EVERY_ROUNDS) * 2 ** backoff;
  const costMs = rate === 0 ? 0 : (refusals * ANSWERS_PER_REFUSAL * 1000) / rate;
  return Math.min(MAX_STEP_WAIT_MS, Math.max(plainMs, costMs, refusals > 0 ? STEP_EVERY_MS : 0));
}

/** Refusals so far that came close together, and the window when they began. */
export interface Refusals {
  readonly count: number;
  readonly windowBefore: number;
  readonly atMs: number;
}

/**
 * The state after one more refusal (429, 503). The window shrinks by one for each, so that a burst beyond
 * what the server takes ends at what it took; by at most half for refusals that come close together.
 * @param isOld its request went out before the last cut
 */
export function afterRefusal(state: WindowState, refusals: Refusals, isOld = false): WindowState {
  const { count, windowBefore, atMs } = refusals;
  // Belongs to a step that is already undone: it only delays the next step.
  if (isOld) return { ...state, stepAtMs: Math.max(state.stepAtMs, atMs + stepWaitMs(state, count)) };
  if (state.phase === 'raised') {
    const back = takeBack(state, { endedAtMs: atMs }, count);
    return { ...back, ceiling: Math.min(state.ceiling === 0 ? state.window : state.ceiling, state.window) };
  }
  const floor = Math.max(1, Math.ceil(windowBefore / 2));
  const window = Math.max(floor, state.window - 1);
  const next = toSteady({ ...state, window, ceiling: window + 1 }, { endedAtMs: atMs }, count);
  // A loss of half the window means a server in trouble and not one step too many: growing back is fast.
  if (window > floor || windowBefore < 4) return next;
  return {
    ...next,
    phase: 'growing',
    goal: Math.ceil(windowBefore * REGAIN_RATIO),
    ceiling: 0,
    flatRounds: 0,
  };
}

/**
 * The state after a pause, or after trouble without answers: begins at `window` and grows back to most of
 * what there was, by slow start.
 */
export function afterSetback(state: WindowState, window: number): WindowState {
  const before = Math.max(state.window, state.heldWindow, state.goal);
  return {
    ...state,
    phase: 'growing',
    window: Math.max(1, Math.floor(window)),
    goal: Math.max(START_WINDOW, Math.ceil(before * REGAIN_RATIO)),
    flatRounds: 0,
    heldWindow: 0,
  };
}
