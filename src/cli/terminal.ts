// Tells whether the terminal supports cursor movements and block characters.

const BLOCKS = '▁▂▃▄▅▆▇█░·';
const IN_ASCII = '_.:-=+*#. ';

/** True with TERM=dumb, which cannot move the cursor, and with a named locale that is not UTF-8, such as C. */
export function isPlainTerminal(environment: NodeJS.ProcessEnv = process.env): boolean {
  if (environment['TERM'] === 'dumb') return true;
  const locale = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return locale !== undefined && !/utf-?8/iu.test(locale);
}

/** Replaces the characters of bars by ASCII where the terminal may not have them. */
export function withoutBlocks(text: string, isPlain = isPlainTerminal()): string {
  if (!isPlain) return text;
  return text.replaceAll(/[▁-█░·]/gu, (block) => IN_ASCII[BLOCKS.indexOf(block)] ?? '#');
}
