// What an answer says about its body, as plain data that is kept in outcomes and in the journal.

/** What an answer said about its body: enough to ask later whether the body has changed. */
export interface AnswerFacts {
  /** The entity tag as sent, `W/` included; absent when none came, or one longer than `MAX_FACT_CHARS`. */
  readonly etag?: string;
  /** Last-Modified as sent. */
  readonly lastModified?: string;
  /** Content-Type as sent. */
  readonly contentType?: string;
}

/** A longer field is not kept: no real validator or type is that long. */
export const MAX_FACT_CHARS = 1024;
