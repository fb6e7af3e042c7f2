// Maps values to positions in a picture, linear and logarithmic, with ticks at round numbers.

/** Gives the position of a value on an axis, and the values that have ticks. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly Tick[];
}

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export type Range = readonly [from: number, to: number];

const STEPS = [1, 2, 2.5, 5, 10];
const MAX_TICKS = 100;
const NARROW_TICKS = 4;
/** The smallest value of a logarithmic axis: no record has finer values. */
const LEAST = 1e-9;

/** Replaces infinite limits: an empty record has no smallest or largest value, and its axis is drawn empty. */
function finite([low, high]: Range): Range {
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : [0, 1];
}

/** About `tickCount` ticks at round numbers inside the domain. */
export function linearScale(
  domain: Range,
  range: Range,
  tickCount: number,
  format: (value: number) => string,
): Scale {
  const [low, high] = finite(domain);
  const span = high > low ? high - low : 1;
  const step = niceStep(span / Math.max(1, tickCount));
  const ticks: Tick[] = [];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.min(Math.floor((low + span) / step + 1e-9), first + MAX_TICKS);
  for (let index = first; index <= last; index++) {
    const value = Number((index * step).toPrecision(12));
    ticks.push({ value, label: format(value) });
  }
  return { at: (value) => range[0] + ((value - low) / span) * (range[1] - range[0]), ticks };
}

/**
 * A logarithmic scale; the domain must be above zero. Ticks at 1, 2, 5 of every decade, or only at decades
 * when there are many.
 */
export function logScale(domain: Range, range: Range, format: (value: number) => string): Scale {
  const [from, to] = finite(domain);
  const low = Math.max(from, LEAST);
  const high = Math.max(to, low * 1.0001);
  const span = Math.log(high / low);
  const decades = Math.log10(high / low);
  const heads =
    decades > 3 ? [1] : decades > 1.6 ? [1, 3] : decades > 0.7 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const ticks: Tick[] = [];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.ceil(Math.log10(high)); decade++) {
    for (const head of heads) {
      const value = Number((head * 10 ** decade).toPrecision(3));
      if (value >= low * 0.999 && value <= high * 1.001) ticks.push({ value, label: format(value) });
    }
  }
  // A narrow domain such as 1003 to 1010 contains no such value, so it gets the ticks of a linear axis.
  const marked = ticks.length > 1 ? ticks : linearScale([low, high], range, NARROW_TICKS, format).ticks;
  return {
    at: (value) => range[0] + (Math.log(Math.max(value, low) / low) / span) * (range[1] - range[0]),
    ticks: marked,
  };
}

/** The end of an axis that starts at zero, chosen so that no value is at its very edge. */
export function roundUp(value: number, tickCount = 4): number {
  if (value <= 0 || !Number.isFinite(value)) return 1;
  const step = niceStep(value / tickCount);
  return Math.ceil(value / step - 1e-9) * step;
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const head = STEPS.find((step) => step * power >= rough * 0.999) ?? 10;
  return head * power;
}
