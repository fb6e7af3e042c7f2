// What a comparison says in sentences, and whether its rounds proved what they counted. Computes no figure
// that the record does not hold.

import type { Comparison, StrategyResult } from '../model/comparison.ts';
import type { Family } from '../model/plan.ts';
import type { Proof, RoundRecord } from '../model/record.ts';
import { formatCount, formatInterval, formatMs, formatShare, formatTimes } from './format-numbers.ts';

/** What the strategies of a family have in common, as a heading. */
export const FAMILY_TITLES: Readonly<Record<Family, string>> = {
  'one-per-connection': 'One request at a time on each connection',
  pipelined: 'Several HTTP/1.1 requests open on each connection',
  h2c: 'HTTP/2 streams over plain TCP',
};

export interface ProofSummary {
  readonly verdict: Proof['verdict'];
  readonly sentence: string;
  /** What is not as it should be, by strategy and round. */
  readonly problems: readonly string[];
}

/** The rounds that count: those of the strategies, and those of the scaling that are not the same rounds. */
export function roundsOf({ strategies, scaling }: Comparison): RoundRecord[] {
  const rounds = [
    ...strategies.flatMap((strategy) => strategy.rounds),
    ...scaling.flatMap((point) => point.rounds),
  ];
  const keyOf = ({ strategy, startedAt, proof }: RoundRecord) =>
    [strategy, startedAt, proof.verdict, proof.answeredOnce].join(' ');
  return [...new Map(rounds.map((round) => [keyOf(round), round])).values()];
}

/** Combines the proofs of all rounds. */
export function summarizeProof(comparison: Comparison): ProofSummary {
  const rounds = roundsOf(comparison);
  const proofs = rounds.map(({ proof }) => proof);
  const broken = rounds.filter(({ proof }) => proof.verdict === 'broken');
  const planned = formatCount(sumOf(proofs.map((proof) => proof.planned)));
  const answered = formatCount(sumOf(proofs.map((proof) => proof.answeredOnce)));
  const seen = sumOf(proofs.map((proof) => proof.seenOnce ?? 0));
  const again = sumOf(proofs.map((proof) => proof.seenAgainByRepeat ?? 0));
  const over = rounds.length === 1 ? 'one round' : `${rounds.length} rounds`;
  const problems = broken.flatMap(({ strategy, startedAt, proof }) =>
    proof.problems.map((problem) => `${strategy}, round of ${startedAt}: ${problem}`),
  );
  if (broken.length > 0 || rounds.length === 0) {
    const sentence =
      rounds.length === 0
        ? 'Nothing was fetched, so nothing is proved.'
        : `The proof is broken${rounds.length === 1 ? '' : ` in ${broken.length} of ${over}`}: ${planned} planned, ${answered} answered once.`;
    return { verdict: 'broken', sentence, problems };
  }
  if (proofs.some((proof) => proof.verdict === 'partial')) {
    const sentence = `Stopped before its end, and what was settled until then holds. Over ${over}: ${planned} planned, ${answered} answered once.`;
    return { verdict: 'partial', sentence, problems };
  }
  if (proofs.some((proof) => proof.verdict === 'client-only')) {
    const sentence = `Over ${over}: ${planned} planned = ${answered} answered once. The server's half is absent: it is not ours to ask.`;
    return { verdict: 'client-only', sentence, problems };
  }
  const repeats = again === 0 ? '' : ` + ${formatCount(again)} seen again, each after a lost attempt`;
  const sentence = `Over ${over}: ${planned} planned = ${answered} answered once = ${formatCount(seen)} seen once by the server${repeats}.`;
  return { verdict: 'whole', sentence, problems };
}

/** The verdict in sentences: the fastest strategy, the other families, and what limits the trust in either. */
export function verdictSentences(comparison: Comparison): string[] {
  const { strategies, isInterrupted } = comparison;
  if (roundsOf(comparison).length === 0) return ['No round was finished, so there is nothing to say.'];
  const sentences: string[] = [];
  if (summarizeProof(comparison).verdict === 'broken') {
    sentences.push('The proof is broken, so the times below prove nothing until that is explained.');
  }
  if (strategies.length === 1) sentences.push(soloSentence(strategies[0] as StrategyResult, comparison));
  else sentences.push(...familySentences(comparison));
  if (isInterrupted) sentences.push('It was stopped before every trial was settled.');
  const saturated = strategies.filter(({ rounds }) => rounds.some(({ boundBy }) => boundBy.isSaturated));
  if (saturated.length > 0) {
    sentences.push(`The client itself was saturated in ${listed(saturated)}: such a time measures it, too.`);
  }
  return sentences;
}

function soloSentence(strategy: StrategyResult, { trialCount }: Comparison): string {
  const { figures, name, rounds } = strategy;
  const ok = rounds.length === 1 ? figures.okCount : trialCount;
  const median = rounds.length === 1 ? '' : ` (median of ${rounds.length} rounds)`;
  return `${name} fetched ${formatCount(ok)} answers in ${formatMs(figures.wallMs.median)}${median}${floorPart(strategy)}.`;
}

function floorPart({ figures }: StrategyResult): string {
  if (figures.floorMs === null || figures.efficiencyRatio === null) return '';
  return `; the delay alone takes ${formatMs(figures.floorMs)} (efficiency ${formatShare(figures.efficiencyRatio.median)})`;
}

/**
 * Names the family of the reference first. Of other families it names only the best, as their work is
 * different.
 */
function familySentences(comparison: Comparison): string[] {
  const { strategies, reference } = comparison;
  const families = [...new Set(strategies.map(({ family }) => family))];
  const own = strategies.find(({ name }) => name === reference)?.family ?? families[0];
  const sentences: string[] = [];
  for (const family of families.toSorted((a, b) => Number(b === own) - Number(a === own))) {
    const ranked = rankedOf(strategies, family);
    const best = ranked[0];
    if (best === undefined) continue;
    if (family === own) sentences.push(...leadSentences(best, ranked, comparison));
    else sentences.push(`${FAMILY_TITLES[family]}, a family of its own: ${timeOf(best)} by ${best.name}.`);
  }
  return sentences;
}

/** Fastest first. */
function rankedOf(strategies: readonly StrategyResult[], family: Family): StrategyResult[] {
  return strategies
    .filter((strategy) => strategy.family === family && strategy.rounds.length > 0)
    .toSorted((a, b) => a.figures.wallMs.median - b.figures.wallMs.median);
}

function leadSentences(
  best: StrategyResult,
  ranked: readonly StrategyResult[],
  { reference, trialCount }: Comparison,
): string[] {
  const trials = `${formatCount(trialCount)} trials in`;
  const ways = `the fastest of ${ranked.length} ways`;
  const alike = ranked.filter(({ name, verdict }) => name === reference || verdict === 'no difference');
  if (alike.includes(best) && alike.length > 1) {
    const slowest = alike.at(-1) as StrategyResult;
    return [
      `${listed(alike)} are ${alike.length === ranked.length ? 'equally fast' : ways} within the noise of this machine: ${trials} ${timeOf(best)} to ${timeOf(slowest)}${floorPart(best)}.`,
    ];
  }
  if (ranked.length === 1) return [`${best.name}: ${trials} ${timeOf(best)}${floorPart(best)}.`];
  const lead = `${ways}: ${trials} ${timeOf(best)}${floorPart(best)}.`;
  const { ratio, verdict } = best.name === reference ? (ranked[1] as StrategyResult) : best;
  if (ratio === null || verdict === 'too few rounds') {
    return [`${best.name} came first, in too few rounds to call it ${lead}`];
  }
  return [`${best.name} is ${lead}`, againstReference(best, ranked[1] as StrategyResult, reference)];
}

function timeOf({ figures, projected }: StrategyResult): string {
  return `${formatMs(figures.wallMs.median)}${projected === null ? '' : ' (projected)'}`;
}

/** By how much the fastest leads. */
function againstReference(best: StrategyResult, next: StrategyResult, reference: string): string {
  if (best.name === reference) return `Next is ${next.name}, ${timesPart(next)} as fast.`;
  return `It is ${timesPart(best)} as fast as ${reference}.`;
}

function timesPart({ ratio }: StrategyResult): string {
  if (ratio === null) return '';
  const interval = ratio.speedUpInterval;
  return `${formatTimes(ratio.speedUp)}${interval === null ? '' : `, ${formatInterval(interval, formatTimes)},`}`;
}

function listed(strategies: readonly StrategyResult[]): string {
  const names = strategies.map(({ name }) => name);
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
