// Reads `--strategy a,b,mine:family=pipelined,connections=50`. A strategy of your own takes the options of the
// plan, under the same names; the same rows of the option table read them.

import {
  namedStrategy,
  ownStrategy,
  type Strategy,
  STRATEGY_NAMES,
  type StrategyName,
  THREADS,
  threadsStrategy,
} from '../../lab/strategies.ts';
import type { OptionRow } from '../options.ts';
import { PLAN_OPTIONS } from './plan-options.ts';
import type { Parsed, Parser } from '../values.ts';

/** Option names as they are typed, without the dashes: `max-in-flight`. */
const ROWS = new Map<string, readonly [key: string, row: OptionRow]>(
  Object.entries(PLAN_OPTIONS).map(([key, row]) => [
    (row.flags.split(' ')[0] as string).slice(2),
    [key, row],
  ]),
);

const EXAMPLE = 'mine:family=pipelined,connections=50';

/** One strategy or more, no name twice. */
export function strategyList(): Parser<readonly Strategy[]> {
  const parse = (text: string): Parsed<readonly Strategy[]> => {
    if (text.trim() === 'all') return { value: STRATEGY_NAMES.map(namedStrategy) };
    const strategies: Strategy[] = [];
    for (const spec of splitSpecs(text)) {
      const parsed = spec.includes(':') ? parseOwn(spec) : parseName(spec);
      if (!('value' in parsed)) return parsed;
      const { name } = parsed.value;
      if (strategies.some((other) => other.name === name))
        return { expected: `each name once, and ${name} is there twice` };
      strategies.push(parsed.value);
    }
    return { value: strategies };
  };
  return Object.assign(parse, { choices: ['all', ...STRATEGY_NAMES] });
}

/** Splits at commas; a piece such as `connections=50`, without `name:`, belongs to the strategy before it. */
function splitSpecs(text: string): string[] {
  const specs: string[] = [];
  for (const piece of text.split(',').map((part) => part.trim())) {
    const last = specs.at(-1);
    if (last?.includes(':') === true && /^[^:]*=/.test(piece)) specs[specs.length - 1] = `${last},${piece}`;
    else specs.push(piece);
  }
  return specs;
}

function parseName(spec: string): Parsed<Strategy> {
  const name = STRATEGY_NAMES.find((candidate) => candidate === spec);
  if (name !== undefined) return { value: namedStrategy(name) };
  return {
    expected: `all, ${STRATEGY_NAMES.join(', ')} or one of your own such as ${EXAMPLE}`,
    piece: spec,
  };
}

function parseOwn(spec: string): Parsed<Strategy> {
  const colon = spec.indexOf(':');
  const name = spec.slice(0, colon);
  if (!/^[a-z][a-z0-9_-]*$/i.test(name))
    return { expected: 'a name of letters, digits and dashes before the colon', piece: spec };
  if (STRATEGY_NAMES.includes(name as StrategyName))
    return {
      expected: `a name of your own before the colon, since ${name} has its numbers already`,
      piece: spec,
    };
  if (name === THREADS) return parseThreads(spec, spec.slice(colon + 1));
  const numbers: Record<string, unknown> = {};
  for (const setting of spec.slice(colon + 1).split(',')) {
    const [option = '', ...rest] = setting.split('=');
    const [key, row] = ROWS.get(option.trim()) ?? [];
    if (key === undefined || row === undefined || rest.length !== 1) {
      return {
        expected: `${name}: option=value with one of ${[...ROWS.keys()].join(', ')}`,
        piece: setting,
      };
    }
    const parsed = row.parse(rest[0] as string);
    if (!('value' in parsed))
      return {
        expected: `${name}: ${option} to be ${parsed.expected}`,
        piece: rest[0] as string,
      };
    numbers[key] = parsed.value;
  }
  return { value: ownStrategy(name, spec, numbers) };
}

function parseThreads(spec: string, settings: string): Parsed<Strategy> {
  const [, count] = /^\s*count=(\d{1,8})\s*$/u.exec(settings) ?? [];
  if (count === undefined || Number(count) === 0)
    return { expected: `${THREADS}:count=N with N threads, 1 or more`, piece: settings };
  return { value: threadsStrategy(Number(count), spec) };
}
