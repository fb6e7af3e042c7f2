// What an answer says of its body, as plain data that lies in outcomes and in the journal.

/** What an answer said of its body besides it: enough to ask another time whether it has changed. */
export interface AnswerFacts {
  /** The entity tag as sent, `W/` included; absent where none came, or one past `MAX_FACT_CHARS`. */
  readonly etag?: string;
  /** Last-Modified as sent. */
  readonly lastModified?: string;
  /** Content-Type as sent. */
  readonly contentType?: string;
}

/** A longer field is not kept: it is nobody's validator and nobody's type. */
export const MAX_FACT_CHARS = 1024;
