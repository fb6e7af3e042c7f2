// The outcome of a target: ok, failed or skipped. Plain data that crosses a thread and goes into records; never holds a credential.
import type { AnswerFacts } from './body/answer-facts.ts';
import type { FailureCode } from './errors.ts';
import { shownUrl } from './shown-url.ts';
import type { Target } from './target.ts';

/** Where a sink put a body: a path below the sink's root, or a place inside a packed segment. */
export interface Stored {
  /** Relative to the sink's root, with "/" between parts; '' where nothing was kept. */
  readonly path: string;
  /** First byte of the record inside a packed segment; 0 for a file of its own. */
  readonly offsetBytes: number;
  /** Bytes of the file or record as it lies on disk. */
  readonly storedBytes: number;
  /** True when the wanted name was taken, so that another was given. */
  readonly isRenamed: boolean;
}

interface Settled {
  readonly index: number;
  readonly url: string;
  readonly line: number;
}

interface Redirected {
  /** Where redirects led; absent when the URL asked for is the one that answered. */
  readonly finalUrl?: string;
  /** How many were followed in the last attempt; absent where none was. */
  readonly redirects?: number;
}

export interface OkOutcome extends Settled, AnswerFacts, Redirected {
  readonly kind: 'ok';
  readonly status: number;
  /** Length of the body as kept: decoded, unless original bytes were asked for. */
  readonly bytes: number;
  /** SHA-256 of the same bytes, in lower-case hexadecimal. */
  readonly sha256: string;
  /** Body bytes received, before decoding. */
  readonly wireBytes: number;
  /** Tries on the wire, redirects not counted; 1 without a retry. */
  readonly attempts: number;
  /** From the first attempt's start to the end of the body, waits between attempts included. */
  readonly durationMs: number;
  readonly stored: Stored;
}

export interface FailedOutcome extends Settled, Redirected {
  readonly kind: 'failed';
  readonly code: FailureCode;
  /** What was expected and found, one line, safe to print. */
  readonly detail: string;
  /** Of the last answer; 0 when none came. */
  readonly status: number;
  readonly attempts: number;
  readonly durationMs: number;
}

export interface SkippedOutcome extends Settled {
  readonly kind: 'skipped';
  readonly reason: SkipReason;
}

/**
 * `duplicate`: the same URL earlier in the run; `drift`: shown twice by a list API; `robots`: disallowed by its origin's
 * robots.txt; `stopped`: the run ended before it.
 */
export type SkipReason = 'duplicate' | 'drift' | 'robots' | 'stopped';

export type Outcome = OkOutcome | FailedOutcome | SkippedOutcome;

/** The outcome of a target that nobody asks for, without the login that its URL may hold. */
export function skippedOutcome({ index, line, url }: Target, reason: SkipReason): SkippedOutcome {
  return { kind: 'skipped', index, line, url: shownUrl(url), reason };
}

/** The outcome of a target that kills the threads it is given to. @param death what the last thread died of */
export function crashedOutcome({ index, line, url }: Target, death: string): Outcome {
  return {
    kind: 'failed',
    index,
    line,
    url: shownUrl(url),
    code: 'crashed-worker',
    detail: `expected a worker thread that lives, found two that died with this target in flight, the last of: ${death}`,
    status: 0,
    attempts: 2,
    durationMs: 0,
  };
}
