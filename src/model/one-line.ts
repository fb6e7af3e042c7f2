// Turns text that a server or a library sent or threw into one line that cannot control a terminal, for outcomes.

import { withoutLogins } from './shown-url.ts';

/** Control and format characters, halves of surrogate pairs, and line and paragraph separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with runs of white space joined, and every invisible character written as its number. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .replaceAll(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** The longest text kept of a stack: enough for some twenty frames. */
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
    // A getter or `toString` of the thrown value threw.
    return 'thrown: something that cannot be shown';
  }
}
