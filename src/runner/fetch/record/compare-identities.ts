// Tells whether two runs are the same: compares what a run was begun with and what it is asked to go on with. Pure.

import { withoutLogins } from '../../../model/shown-url.ts';
import type { RunIdentity } from '../../../model/run-journal.ts';

/** What differs, one line each, with what to do; empty for the same run. */
export function compareIdentities(begun: RunIdentity, given: RunIdentity): string[] {
  const names = [...new Set([...Object.keys(begun), ...Object.keys(given)])];
  return names
    .filter((name) => begun[name] !== given[name] && withoutLogins(begun[name] ?? '') !== given[name])
    .map(
      (name) =>
        `${name}: expected ${shown(begun[name])}, as the run there was begun with, found ${shown(given[name])}: give it as it was, or choose another place with --to`,
    );
}

function shown(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(withoutLogins(value));
}
