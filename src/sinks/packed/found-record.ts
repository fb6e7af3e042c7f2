// What the audit finds where a record should be.

/** A whole record, with the length and digest of its body computed again. */
export interface FoundRecord {
  readonly bytes: number;
  readonly sha256: string;
  /** Null where the format has none. */
  readonly index: number | null;
  /** The URL that is in it: in a WARC the one that answered. */
  readonly url: string;
}

export interface RecordProblem {
  readonly problem: string;
}
