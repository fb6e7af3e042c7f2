// What was thrown, as one line with its stack. Never throws itself, whatever the thing is. Pure.

import { oneLine } from './one-line.ts';
import { withoutLogins } from './shown-url.ts';

/** Of a stack: enough for some twenty frames. */
const MAX_CHARACTERS = 2_000;

/** Kind, message and stack of `thrown` in one line, without logins. */
export function thrownText(thrown: unknown): string {
  return oneLine(withoutLogins(rawText(thrown).slice(0, MAX_CHARACTERS)));
}

function rawText(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return `thrown: ${String(thrown)}`;
    const { stack } = thrown;
    return typeof stack === 'string' && stack !== '' ? stack : `${thrown.name}: ${thrown.message}`;
  } catch {
    // A getter or `toString` of the thing threw.
    return 'thrown: something that cannot be shown';
  }
}
