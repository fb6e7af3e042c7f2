// What the terminal takes: cursor movements and block characters, or neither.

const BLOCKS = '▁▂▃▄▅▆▇█░·';
const IN_ASCII = '_.:-=+*#. ';

/** TERM=dumb moves no cursor, and a locale that is named and not UTF-8, such as C, draws no blocks: both get plain text. */
export function isPlainTerminal(environment: NodeJS.ProcessEnv = process.env): boolean {
  if (environment['TERM'] === 'dumb') return true;
  const locale = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return locale !== undefined && !/utf-?8/iu.test(locale);
}

/** The text with what draws bars replaced where the terminal may not have it. */
export function withoutBlocks(text: string, isPlain = isPlainTerminal()): string {
  if (!isPlain) return text;
  return text.replaceAll(/[▁-█░·]/gu, (block) => IN_ASCII[BLOCKS.indexOf(block)] ?? '#');
}
