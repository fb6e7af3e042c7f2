// What the audit finds at the position of a record.

/** A whole record, with the length and digest of its body computed again. */
export interface FoundRecord {
  readonly bytes: number;
  readonly sha256: string;
  /** Null where the format has none. */
  readonly index: number | null;
  /** The URL in the record: in a WARC, the URL that answered. */
  readonly url: string;
}

export interface RecordProblem {
  readonly problem: string;
}
