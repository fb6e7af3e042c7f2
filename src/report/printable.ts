// Text of somebody else's (a server, a list) for one line of a terminal: harmless, and of a bearable length.

import { visibleText } from './escape.ts';

const MAX_CHARACTERS = 200;

export function printable(text: string): string {
  const shown = visibleText(text.slice(0, MAX_CHARACTERS + 1));
  return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS)}…` : shown;
}
