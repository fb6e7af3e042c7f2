// Makes text of servers, paths and users harmless before it enters a report: none of it may control a
// terminal, open a tag or change the direction of text.

/** Control characters, format characters that hide or reorder text, and unpaired surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The text with every invisible character written as its number, such as `\u{1b}`. */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is safe between tags and in quoted attributes of HTML and SVG. */
export function escapeHtml(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => HTML_ENTITIES[character] as string);
}

/** Text that Markdown shows unchanged on one line, also inside a table cell. */
export function escapeMarkdown(text: string): string {
  return visibleText(text)
    .replace(/[\\`*_[\]|~$]/g, (character) => `\\${character}`)
    .replace(/[&<>]/g, (character) => HTML_ENTITIES[character] as string)
    .replace(/(https?|www|ftp)(:|\.)/gi, '$1&#8203;$2')
    .replace(/^([-=#+])/, '\\$1')
    .replace(/^(\d+)\.(?=\s|$)/, '$1\\.');
}

/** A code block, fenced by more backticks than the text holds in a row. */
export function markdownCodeBlock(text: string): string {
  const shown = visibleText(text);
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${shown}\n${fence}`;
}
