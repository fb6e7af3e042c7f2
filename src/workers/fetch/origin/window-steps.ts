// How many requests an origin is given at once: slow start, then steps up and down that are kept or taken back by what
// they did to goodput and duration. Pure: a state and what was seen in, the next state out. No clock, no shared memory.
//
// From TCP: slow start with an exit on growing delay (Vegas, Brakmo and Peterson 1995; HyStart, Ha and Rhee 2011), one
// cut for refusals that come close together (AIMD), a search between window and ceiling (CUBIC, RFC 9438). From BBR
// (Cardwell and others, ACM Queue 2016): the knee is the best rate times the least duration (Little's law), and three
// rounds without growth end the start. From Netflix's concurrency-limits (Gradient2, 2018): mean durations of rounds
// and not of single answers, and a tolerance for queues that nobody would notice.

/** How a window moves now. `raised` and `lowered`: a step is being tried. */
export type WindowPhase = 'growing' | 'steady' | 'raised' | 'lowered';

export interface WindowState {
  readonly phase: WindowPhase;
  /** Requests that may be open at once. */
  readonly window: number;
  /** Least mean duration of a round. */
  readonly baseMs: number;
  /** Answers a second in the last rounds, and the most so far. */
  readonly rate: number;
  readonly bestRate: number;
  /** Before the step that is being tried. */
  readonly heldWindow: number;
  readonly heldMs: number;
  readonly heldRate: number;
  /** The window at which the server refused; 0 where it never did. */
  readonly ceiling: number;
  /** Where growing ends after a setback; 0 for no end. */
  readonly goal: number;
  /** While growing, rounds in a row without growth of goodput; else steps past the ceiling that went well. */
  readonly flatRounds: number;
  /** Rounds in a row with durations far above the least. */
  readonly slowRounds: number;
  /** No step up before this. */
  readonly stepAtMs: number;
  /** Steps in a row that were taken back. */
  readonly backoff: number;
}

/** What answered in a round: about as many as were open when it began. */
export interface Round {
  readonly okCount: number;
  readonly meanMs: number;
  readonly lengthMs: number;
  /** The window kept somebody waiting. */
  readonly isWanted: boolean;
  readonly endedAtMs: number;
}

export const START_WINDOW = 8;
/** A queue that adds less than this is let be: a server that answers at once may always be asked for more. */
const TOLERATED_MS = 10;
/** Where answers come within the tolerance, growth does not stop below this. */
export const QUICK_WINDOW = 64;
export const QUICK_MS = 25;
/** BBR's: rounds without this growth mean that the pipe is full. */
const GROWTH_RATIO = 1.25;
const FULL_ROUNDS = 3;
const SLOW_RATIO = 1.5;
const RAISE_RATIO = 1.25;
const LOWER_RATIO = 0.85;
/** Beyond a known ceiling. */
const CREEP_RATIO = 0.02;
const STEP_EVERY_MS = 1_000;
const STEP_EVERY_ROUNDS = 8;
const MAX_STEP_WAIT_MS = 30_000;
/** Answers for each refusal that a step past the ceiling cost, before the next: refusals stay below half a percent. */
const ANSWERS_PER_REFUSAL = 250;
/** Of the window before a setback, what is grown back to at once. */
const REGAIN_RATIO = 0.8;

export const INITIAL_WINDOW: WindowState = {
  phase: 'growing',
  window: START_WINDOW,
  baseMs: 0,
  rate: 0,
  bestRate: 0,
  heldWindow: 0,
  heldMs: 0,
  heldRate: 0,
  ceiling: 0,
  goal: 0,
  flatRounds: 0,
  slowRounds: 0,
  stepAtMs: 0,
  backoff: 0,
};

/** After a round. @param most that the window may be */
export function afterRound(state: WindowState, round: Round, most: number): WindowState {
  const rate = (round.okCount * 1000) / Math.max(round.lengthMs, 0.1);
  const { meanMs } = round;
  // The least duration follows a server that became slower, but slowly: a queue of our own making is not a new base.
  const baseMs = state.baseMs === 0 || meanMs < state.baseMs ? meanMs : state.baseMs * 0.99 + meanMs * 0.01;
  const seen = { ...state, baseMs };
  const next = AFTER[state.phase](seen, round, rate);
  return next.window <= most ? next : { ...next, window: most };
}

const AFTER = {
  growing: afterGrowing,
  steady: afterSteady,
  raised: afterRaised,
  lowered: afterLowered,
} as const;

function afterGrowing(state: WindowState, round: Round, rate: number): WindowState {
  const { window, goal } = state;
  const bestRate = Math.max(state.bestRate, rate);
  if (goal > 0 && window >= goal) return toSteady({ ...state, rate, bestRate }, round);
  if (!round.isWanted) return { ...state, bestRate, rate: Math.max(rate, state.rate), flatRounds: 0 };
  const flatRounds = rate < state.rate * GROWTH_RATIO ? state.flatRounds + 1 : 0;
  const next = { ...state, bestRate, rate: Math.max(rate, state.rate), flatRounds };
  if (round.meanMs <= TOLERATED_MS && window < QUICK_WINDOW) return next;
  // Beyond that, a round of quick answers is over before anybody knows what it was worth: one judged step at a time.
  if (state.baseMs <= QUICK_MS && window >= QUICK_WINDOW) return toSteady({ ...next, rate }, round);
  if (flatRounds < FULL_ROUNDS && !isSlow(state.baseMs, round.meanMs)) return next;
  const knee = (bestRate * (state.baseMs + TOLERATED_MS)) / 1000;
  return toSteady({ ...next, rate, window: Math.min(window, Math.max(1, Math.ceil(knee))) }, round);
}

function afterSteady(state: WindowState, round: Round, newRate: number): WindowState {
  const rate = state.rate === 0 ? newRate : (state.rate + newRate) / 2;
  const slowRounds = isSlow(state.baseMs, round.meanMs) ? state.slowRounds + 1 : 0;
  const next = { ...state, rate, slowRounds };
  if (!round.isWanted) return next;
  const held = { heldWindow: state.window, heldMs: round.meanMs, heldRate: rate };
  if (slowRounds >= 2 && state.window > 1) {
    const window = Math.max(1, Math.floor(state.window * LOWER_RATIO));
    return { ...next, ...held, phase: 'lowered', window, slowRounds: 0 };
  }
  if (round.endedAtMs < state.stepAtMs || slowRounds > 0) return next;
  return { ...next, ...held, phase: 'raised', window: raisedWindow(state) };
}

/** The next window to try: halfway to the ceiling, a little past it, or a quarter more where none is known. */
function raisedWindow({ window, ceiling, flatRounds }: WindowState): number {
  const gap = ceiling - 1 - window;
  if (ceiling > 0 && gap > 0) return window + Math.ceil(gap / 2);
  // Each step past it that went well doubles the next.
  if (ceiling > 0) return window + Math.max(1, Math.floor(window * CREEP_RATIO * 2 ** flatRounds));
  return Math.max(window + 2, Math.ceil(window * RAISE_RATIO));
}

function afterRaised(state: WindowState, round: Round, rate: number): WindowState {
  const { window, heldWindow, heldMs, heldRate, ceiling, goal } = state;
  if (!round.isWanted) return toSteady({ ...state, window: heldWindow, rate: state.heldRate }, round);
  const wantedRatio = 1 + (window / heldWindow - 1) / 2;
  // By Little's law more requests in the same time are more answers; a mean is steadier than a count.
  if (round.meanMs > heldMs * wantedRatio + 0.5) return takeBack(state, round, 0);
  const isQuick = state.baseMs <= QUICK_MS;
  // A server that is still warming up becomes quicker by itself: what a step brought must be seen in both.
  if (isQuick && rate < heldRate * wantedRatio) return takeBack(state, round, 0);
  const next = { ...state, rate, bestRate: Math.max(rate, state.bestRate), backoff: 0 };
  if (ceiling === 0 && goal === 0 && !isQuick) return { ...next, phase: 'growing', flatRounds: 0 };
  const isPast = ceiling > 0 && window >= ceiling;
  const flatRounds = isPast ? Math.min(state.flatRounds + 1, 5) : 0;
  return { ...toSteady(next, round), ceiling: isPast ? window + 1 : ceiling, flatRounds };
}

function afterLowered(state: WindowState, round: Round, rate: number): WindowState {
  const { heldRate, heldWindow, heldMs, window } = state;
  const keptRatio = 1 - (1 - window / heldWindow) / 2;
  if (rate >= heldRate * keptRatio) return toSteady({ ...state, rate }, round);
  // Fewer requests were no quicker: the server has become slower, whatever we do.
  const back = { ...state, window: heldWindow, rate: heldRate, baseMs: heldMs, backoff: state.backoff + 1 };
  return toSteady(back, round);
}

/** The step is undone. @param refusals that it cost */
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
  const steps = { ...state, phase: 'steady' as const, flatRounds: 0, slowRounds: 0, goal: 0 };
  return { ...steps, stepAtMs: endedAtMs + stepWaitMs(state, refusals) };
}

function stepWaitMs({ backoff, baseMs, rate }: WindowState, refusals: number): number {
  const plainMs = Math.min(STEP_EVERY_MS, baseMs * STEP_EVERY_ROUNDS) * 2 ** backoff;
  const costMs = rate === 0 ? 0 : (refusals * ANSWERS_PER_REFUSAL * 1000) / rate;
  return Math.min(MAX_STEP_WAIT_MS, Math.max(plainMs, costMs, refusals > 0 ? STEP_EVERY_MS : 0));
}

/** Refusals that came close together so far, and the window when they began. */
export interface Refusals {
  readonly count: number;
  readonly windowBefore: number;
  readonly atMs: number;
}

/**
 * After one more refusal (429, 503): the window gives up one place for each, so that a burst beyond what the server
 * takes ends at what it took; at most half of it for refusals that come close together.
 * @param isOld its request went out before the last cut
 */
export function afterRefusal(state: WindowState, refusals: Refusals, isOld = false): WindowState {
  const { count, windowBefore, atMs } = refusals;
  // Of a step that is undone already: it only makes the next one come later.
  if (isOld) return { ...state, stepAtMs: Math.max(state.stepAtMs, atMs + stepWaitMs(state, count)) };
  if (state.phase === 'raised') {
    const back = takeBack(state, { endedAtMs: atMs }, count);
    return { ...back, ceiling: Math.min(state.ceiling === 0 ? state.window : state.ceiling, state.window) };
  }
  const floor = Math.max(1, Math.ceil(windowBefore / 2));
  const window = Math.max(floor, state.window - 1);
  const next = toSteady({ ...state, window, ceiling: window + 1 }, { endedAtMs: atMs }, count);
  // Half of it is not a step too far but a server that has trouble: what was there before is sought again, fast.
  if (window > floor || windowBefore < 4) return next;
  return {
    ...next,
    phase: 'growing',
    goal: Math.ceil(windowBefore * REGAIN_RATIO),
    ceiling: 0,
    flatRounds: 0,
  };
}

/** After a pause, or trouble without answers: from `window` on, back to most of what there was, by slow start. */
export function afterSetback(state: WindowState, window: number): WindowState {
  const before = Math.max(state.window, state.heldWindow, state.goal);
  return {
    ...state,
    phase: 'growing',
    window: Math.max(1, Math.floor(window)),
    goal: Math.max(START_WINDOW, Math.ceil(before * REGAIN_RATIO)),
    flatRounds: 0,
    slowRounds: 0,
    heldWindow: 0,
  };
}

/** Whether answers take so much longer than the least that they must have waited for each other. */
export function isSlow(baseMs: number, meanMs: number): boolean {
  return baseMs > 0 && meanMs > baseMs * SLOW_RATIO + TOLERATED_MS;
}
