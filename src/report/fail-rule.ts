// Rules that fail a build: `multicore.wallMs > 1.10x` holds when B's figure is above 1.1 times A's, and
// `multicore.failedCount > 0` when B's own is above 0. Pure.

import { SpillwayError } from '../model/errors.ts';
import { type Metric, METRICS, medianFigure, type RecordSide } from './record-side.ts';

export interface FailRule {
  readonly text: string;
  readonly strategy: string;
  readonly metric: Metric;
  readonly sign: '>' | '<' | '>=' | '<=';
  readonly bound: number;
  /** True when the bound is a multiple of A's figure. */
  readonly isRelative: boolean;
}

const EXAMPLE = "'multicore.wallMs > 1.10x' or 'multicore.failedCount > 0'";
const PATTERN = /^([a-z][\w-]*)\.(\w+)\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)(x?)$/i;

/** One rule or several with `;` between. @throws SpillwayError `ERR_OPTION` naming what was expected */
export function parseFailRules(text: string): FailRule[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseRule);
}

function parseRule(text: string): FailRule {
  const [, strategy = '', metric = '', sign, bound, factor] = PATTERN.exec(text) ?? [];
  if (sign === undefined)
    throw new SpillwayError(
      'ERR_OPTION',
      `--fail-if: expected a rule such as ${EXAMPLE}, found ${JSON.stringify(text)}`,
    );
  const known = METRICS.find((candidate) => candidate === metric);
  if (known === undefined) {
    throw new SpillwayError(
      'ERR_OPTION',
      `--fail-if: expected a figure among ${METRICS.join(', ')}, found ${JSON.stringify(metric)}`,
    );
  }
  return {
    text,
    strategy,
    metric: known,
    sign: sign as FailRule['sign'],
    bound: Number(bound),
    isRelative: factor !== '',
  };
}

export interface RuleResult {
  readonly holds: boolean;
  readonly text: string;
}

/** Why a figure may have no value, for reasons other than that nothing was answered. */
const WITHOUT_VALUE: Partial<Record<Metric, string>> = {
  efficiencyRatio: 'the delay is none or not known, or the run was stopped',
  serverCpuUsPerTrial: 'the server is not ours to ask',
};

/**
 * Checks one rule. A figure that A has and B lacks fails it, because what the rule protects is gone.
 * @throws SpillwayError `ERR_OPTION` when a side does not have the figure the rule asks for
 */
export function applyRule(rule: FailRule, a: RecordSide, b: RecordSide): RuleResult {
  const { strategy, metric, sign, bound, isRelative } = rule;
  const after = figureOf(rule, b);
  const before = isRelative ? figureOf(rule, a) : null;
  if (after === null) {
    if (medianFigure(a, strategy, metric) === null) throw lacksValue(rule, b);
    const lost = `has a value in A and none in B: ${whyNone(metric)}`;
    return { holds: true, text: `FAILED: ${rule.text}: ${strategy}.${metric} ${lost}` };
  }
  if (isRelative && before === null) throw lacksValue(rule, a);
  const limit = before === null ? bound : bound * before;
  const holds = { '>': after > limit, '<': after < limit, '>=': after >= limit, '<=': after <= limit }[sign];
  const found =
    before === null
      ? `is ${formatFigure(after)}`
      : before === 0
        ? `went from 0 to ${formatFigure(after)}`
        : `is ${(after / before).toFixed(2)}x (${formatFigure(before)} to ${formatFigure(after)})`;
  return { holds, text: `${holds ? 'FAILED' : 'passed'}: ${rule.text}: ${strategy}.${metric} ${found}` };
}

/** Fails each side whose record was stopped before its end, whatever the rules ask. */
export function applyStops(rules: readonly FailRule[], sides: readonly RecordSide[]): RuleResult[] {
  if (rules.length === 0) return [];
  return sides
    .filter(({ isStopped }) => isStopped)
    .map(({ file }) => ({ holds: true, text: `FAILED: ${file} was stopped before its end: run it again` }));
}

/**
 * Fails a proof that is broken in B and was not broken in A, whatever the rules ask, for strategies that both
 * sides have or that a rule names.
 */
export function applyProofs(rules: readonly FailRule[], a: RecordSide, b: RecordSide): RuleResult[] {
  if (rules.length === 0) return [];
  return [...b.strategies].flatMap(([name, { roundCount }]) => {
    const isAsked = a.strategies.has(name) || rules.some(({ strategy }) => strategy === name);
    const brokenCount = medianFigure(b, name, 'brokenProofCount') ?? 0;
    const wasBroken = (medianFigure(a, name, 'brokenProofCount') ?? 0) > 0;
    if (!isAsked || brokenCount === 0 || wasBroken) return [];
    return [
      {
        holds: true,
        text: `FAILED: ${name}: the proof is broken in ${brokenCount} of ${roundCount} rounds of B`,
      },
    ];
  });
}

/** The figure of the rule's strategy; null when the strategy has no value for it. */
function figureOf({ text, strategy, metric }: FailRule, side: RecordSide): number | null {
  if (side.strategies.has(strategy)) return medianFigure(side, strategy, metric);
  throw new SpillwayError(
    'ERR_OPTION',
    `--fail-if ${JSON.stringify(text)}: expected ${side.file} to know ${strategy}.${metric}, found the strategies ${[...side.strategies.keys()].join(', ')}`,
  );
}

function lacksValue({ text, strategy, metric }: FailRule, side: RecordSide): SpillwayError {
  return new SpillwayError(
    'ERR_OPTION',
    `--fail-if ${JSON.stringify(text)}: expected ${side.file} to have a value of ${strategy}.${metric}, found none: ${whyNone(metric)}`,
  );
}

function whyNone(metric: Metric): string {
  return WITHOUT_VALUE[metric] ?? 'nothing was answered';
}

/** Formats a figure with just enough digits to see a change. */
export function formatFigure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(value >= 1000 ? 5 : 4);
}
