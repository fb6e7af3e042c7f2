// What comes of the search for the highest rate that keeps a rule.

/** One rate that was measured. */
export interface KneeStep {
  readonly perSec: number;
  readonly seconds: number;
  /** `saturated`: the client could not send so fast, so that nothing is known of the service. */
  readonly verdict: 'held' | 'broke' | 'saturated';
  /** The rule's figure: the median of its values of each second. */
  readonly found: number | null;
  readonly rightPerSec: number;
  readonly errorRatio: number;
  readonly p50Ms: number | null;
  /** Of the whole step, as is `maxMs`: medians of seconds hide a rare stall. */
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

export interface KneeRecord {
  readonly rule: string;
  /** null: no rate held. */
  readonly kneePerSec: number | null;
  /** The least rate that broke the rule; null: none did. */
  readonly brokePerSec: number | null;
  /** The client, or the highest rate that may be asked for, ended the search, not the service. */
  readonly isAtLeast: boolean;
  /** By rate. */
  readonly steps: readonly KneeStep[];
}
