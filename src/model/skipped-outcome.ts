// The last word on a target that nobody will ask for.

import type { SkippedOutcome, SkipReason } from './outcome.ts';
import { shownUrl } from './shown-url.ts';
import type { Target } from './target.ts';

/** Says of `target` why it is left out; without whatever login its URL held. */
export function skippedOutcome({ index, line, url }: Target, reason: SkipReason): SkippedOutcome {
  return { kind: 'skipped', index, line, url: shownUrl(url), reason };
}
