// The result of the search for the highest rate that keeps a rule.

/** One rate that was measured. */
export interface KneeStep {
  readonly perSec: number;
  readonly seconds: number;
  /** `saturated`: the client could not send that fast, so the result says nothing about the service. */
  readonly verdict: 'held' | 'broke' | 'saturated';
  /** The rule's figure: the median of its values of each second. */
  readonly found: number | null;
  readonly rightPerSec: number;
  readonly errorRatio: number;
  readonly p50Ms: number | null;
  /** Over the whole step, like `maxMs`: medians of seconds hide a rare stall. */
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

export interface KneeRecord {
  readonly rule: string;
  /** null when no rate held. */
  readonly kneePerSec: number | null;
  /** The lowest rate that broke the rule; null when none did. */
  readonly brokePerSec: number | null;
  /** True when the client, or the highest rate that may be asked for, ended the search, and not the service. */
  readonly isAtLeast: boolean;
  /** Sorted by rate. */
  readonly steps: readonly KneeStep[];
}
