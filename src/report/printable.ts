// Makes text of a server or a list fit for one line of a terminal: harmless and not too long.

import { visibleText } from './escape.ts';

const MAX_CHARACTERS = 200;

export function printable(text: string): string {
  const shown = visibleText(text.slice(0, MAX_CHARACTERS + 1));
  return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS)}…` : shown;
}
