// What a server or a library said becomes one line that steers no terminal, before it stands in an outcome.

/** Control and format characters, halves of surrogate pairs, and line and paragraph separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with white space joined, and every character that cannot be seen written as its number. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .replaceAll(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}
