// Compares claims with measurements. Pure: the same measurements always give the same verdicts.
import {
  METRICS,
  readMetric,
  type Claim,
  type ClaimResult,
  type Measurement,
  type Metric,
} from './measurement.ts';
import { pairedRatios, summarize } from './statistics.ts';

/**
 * One verdict a claim, in the order of the claims. A run that failed gives no figure; a claim about an entry with
 * failed runs is not met, whatever the runs that ended well say.
 * @param absent why an entry was not run, by its name
 */
export function judgeClaims(
  claims: readonly Claim[],
  measurements: readonly Measurement[],
  absent: ReadonlyMap<string, string>,
): ClaimResult[] {
  return claims.map((claim) => {
    const missing = [claim.entry, ...(claim.kind === 'ratio' ? [claim.against] : [])].find((name) =>
      absent.has(name),
    );
    if (missing !== undefined)
      return notMeasured(claim, `${missing}: ${absent.get(missing) ?? 'was not run'}`);
    const own = measurements.filter((measurement) => measurement.entry === claim.entry);
    if (own.length === 0) return notMeasured(claim, `${claim.entry} was not run`);
    const failed = own.filter((measurement) => measurement.problem !== null);
    const problem =
      failed.length === 0
        ? null
        : `${failed.length} of ${own.length} runs failed: ${failed[0]?.problem ?? ''}`;
    if (claim.kind === 'whole') {
      return {
        claim,
        verdict: problem === null ? 'met' : 'not met',
        value: null,
        low: null,
        high: null,
        roundCount: own.length,
        isInsideSpread: failed.length > 0 && failed.length < own.length,
        reason: problem,
      };
    }
    const values = valuesOf(claim, measurements);
    if (values.length === 0) return noValues(claim, problem, measurements);
    const { median, min, max } = summarize(values);
    return {
      claim,
      verdict: problem === null && median <= claim.atMost ? 'met' : 'not met',
      value: median,
      low: min,
      high: max,
      roundCount: values.length,
      isInsideSpread: min <= claim.atMost && max > claim.atMost,
      reason: problem,
    };
  });
}

/** The claim as a sentence: the text a reader finds beside the verdict. */
export function describeClaim(claim: Claim): string {
  if (claim.kind === 'whole') return `${claim.entry}: every run answers every request`;
  const label = METRICS[claim.metric].label;
  if (claim.kind === 'absolute') {
    return `${claim.entry}: ${label} at most ${formatFigure(claim.metric, claim.atMost)}`;
  }
  return `${claim.entry}: ${label} at most ${claim.atMost} of that of ${claim.against}`;
}

/** A figure with its unit, at the precision a noisy machine allows. */
export function formatFigure(metric: Metric, value: number): string {
  const { unit } = METRICS[metric];
  if (unit === 'bytes') return `${formatNumber(value / 1e6)} MB`;
  return `${formatNumber(value)} ${unit}`;
}

/** Three significant digits, and no decimals from 100 on. */
export function formatNumber(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function valuesOf(claim: Exclude<Claim, { kind: 'whole' }>, measurements: readonly Measurement[]): number[] {
  const subject = byRound(measurements, claim.entry, claim.metric);
  if (claim.kind === 'absolute') return subject.filter((value) => value !== null);
  return pairedRatios(subject, byRound(measurements, claim.against, claim.metric));
}

function byRound(measurements: readonly Measurement[], entry: string, metric: Metric): (number | null)[] {
  const values: (number | null)[] = [];
  for (const measurement of measurements) {
    if (measurement.entry === entry) values[measurement.round] = readMetric(measurement, metric);
  }
  return Array.from(values, (value) => value ?? null);
}

function noValues(
  claim: Exclude<Claim, { kind: 'whole' }>,
  problem: string | null,
  measurements: readonly Measurement[],
): ClaimResult {
  const label = METRICS[claim.metric].label;
  if (problem !== null) return { ...notMeasured(claim, problem), verdict: 'not met' };
  const other = claim.kind === 'ratio' ? claim.against : null;
  const otherProblem = measurements.find((one) => one.entry === other && one.problem !== null)?.problem;
  if (otherProblem !== undefined && otherProblem !== null) {
    return notMeasured(claim, `every run of ${other} failed: ${otherProblem}`);
  }
  const names = other === null ? claim.entry : `${claim.entry} or ${other}`;
  return notMeasured(claim, `${names} does not tell its ${label}`);
}

function notMeasured(claim: Claim, reason: string): ClaimResult {
  return {
    claim,
    verdict: 'not measured',
    value: null,
    low: null,
    high: null,
    roundCount: 0,
    isInsideSpread: false,
    reason,
  };
}
