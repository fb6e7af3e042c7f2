// The outcome of a target: ok, failed or skipped. Plain data that crosses a thread and goes into records;
// never has a credential.
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
  /** Bytes of the file or record on disk. */
  readonly storedBytes: number;
  /** True when the wanted name was taken, so that the file got another one. */
  readonly isRenamed: boolean;
}

interface Settled {
  readonly index: number;
  readonly url: string;
  readonly line: number;
}

interface Redirected {
  /** The URL that answered after redirects; absent when it is the URL that was asked for. */
  readonly finalUrl?: string;
  /** How many redirects the last attempt followed; absent when there were none. */
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
  /** Status of the last answer; 0 when none came. */
  readonly status: number;
  readonly attempts: number;
  readonly durationMs: number;
}

export interface SkippedOutcome extends Settled {
  readonly kind: 'skipped';
  readonly reason: SkipReason;
}

/**
 * `duplicate`: the same URL came earlier in the run; `drift`: a list API showed it twice; `robots`: its
 * origin's robots.txt disallows it; `stopped`: the run ended before it.
 */
export type SkipReason = 'duplicate' | 'drift' | 'robots' | 'stopped';

export type Outcome = OkOutcome | FailedOutcome | SkippedOutcome;

/** The outcome of a target that is not requested, without the login that its URL may hold. */
export function skippedOutcome({ index, line, url }: Target, reason: SkipReason): SkippedOutcome {
  return { kind: 'skipped', index, line, url: shownUrl(url), reason };
}

/** The outcome of a target that kills the threads that work on it. @param death what the last thread died of */
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
