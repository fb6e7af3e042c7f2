// The last word on a target that kills the threads it is given to.

import type { Outcome } from './outcome.ts';
import { shownUrl } from './shown-url.ts';
import type { Target } from './target.ts';

/** @param death what the last thread died of */
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
