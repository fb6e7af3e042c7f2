// Targets from a template: `http://host/{0..9999}`, `{000..999}` with leading zeros, `{0..100..5}` in steps,
// `{a..f}`, several ranges in one URL. Any target can be computed from its number, so none is stored.

import { SpillwayError } from '../model/errors.ts';
import { shownUrl, withoutLogins } from '../model/shown-url.ts';
import type { Source, SourceItem } from '../model/target.ts';
import { readUrl } from './target-url.ts';

const GROUP_COUNT = 512;
const RANGE = /\{(-?\d+|[a-zA-Z])\.\.(-?\d+|[a-zA-Z])(?:\.\.(-?\d+))?\}/gu;

interface TemplateRange {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  readonly padCount: number;
  readonly isLetter: boolean;
}

/** True when `text` holds at least one range, such as `{0..9}`. */
export function isTemplate(text: string): boolean {
  return text.search(RANGE) !== -1;
}

/**
 * Opens a source over all combinations; the last range changes fastest.
 * @throws SpillwayError ERR_OPTION when a range is malformed, the result is not a URL, or there are more than 2^53
 */
export function openTemplate(template: string): Source {
  const { texts, ranges } = parseTemplate(template);
  const countAhead = ranges.reduce((product, range) => product * range.count, 1);
  if (!Number.isSafeInteger(countAhead)) throw refusal(template, 'more than 2^53 targets');
  const textAt = (number: number) => expand(texts, ranges, number);
  for (const number of [0, countAhead - 1]) {
    const read = readUrl(textAt(number));
    if ('reason' in read)
      throw ranges.length === 0 ? noUrl(template, read.reason) : refusal(template, 'no http or https URL');
  }
  return {
    name: shownUrl(template),
    countAhead,
    isDistinct: ranges.length === 1,
    async *items(signal) {
      for (let start = 0; start < countAhead && !signal.aborted; start += GROUP_COUNT) {
        const count = Math.min(GROUP_COUNT, countAhead - start);
        yield Array.from({ length: count }, (_, offset) =>
          makeItem(textAt(start + offset), start + offset + 1),
        );
      }
    },
    findings: () => [],
  };
}

function makeItem(text: string, line: number): SourceItem {
  const read = readUrl(text);
  return 'url' in read
    ? { kind: 'target', url: read.url, line }
    : { kind: 'bad', text, line, reason: read.reason };
}

function refusal(template: string, found: string): SpillwayError {
  return new SpillwayError(
    'ERR_OPTION',
    `template: expected a URL with ranges such as {0..9999}, {000..999} or {0..100..5}, found ${found} in "${shownUrl(template)}"`,
  );
}

/** The error for a single text that is not a URL. Most reasons already name it. */
function noUrl(text: string, reason: string): SpillwayError {
  const shown = shownUrl(text);
  const where = reason.includes(JSON.stringify(shown)) ? '' : ` in "${shown}"`;
  return new SpillwayError('ERR_OPTION', `source: ${reason}${where}`);
}

function parseTemplate(template: string): { texts: string[]; ranges: TemplateRange[] } {
  const texts: string[] = [];
  const ranges: TemplateRange[] = [];
  let position = 0;
  for (const match of template.matchAll(RANGE)) {
    texts.push(template.slice(position, match.index));
    position = match.index + match[0].length;
    const [text, from, to, step] = match as unknown as [string, string, string, string | undefined];
    ranges.push(parseRange(template, text, from, to, step));
  }
  texts.push(template.slice(position));
  const malformed = /\{[^{}]*\.\.[^{}]*\}/u.exec(texts.join('\u0000'));
  if (malformed !== null) throw refusal(template, `the range ${withoutLogins(malformed[0])}`);
  return { texts, ranges };
}

function parseRange(
  template: string,
  text: string,
  from: string,
  to: string,
  stepText: string | undefined,
): TemplateRange {
  const isLetter = /[a-zA-Z]/u.test(from);
  if (isLetter !== /[a-zA-Z]/u.test(to)) throw refusal(template, `the range ${text}`);
  const [first, last] = isLetter ? [from.charCodeAt(0), to.charCodeAt(0)] : [Number(from), Number(to)];
  const size = Math.abs(Number(stepText ?? 1));
  if (size === 0) throw refusal(template, `a step of 0 in ${text}`);
  if (![first, last, size].every(Number.isSafeInteger))
    throw refusal(template, `a number past 2^53 in ${text}`);
  const isPadded = !isLetter && [from, to].some((end) => /^-?0\d/u.test(end));
  return {
    first,
    step: last < first ? -size : size,
    count: Math.floor(Math.abs(last - first) / size) + 1,
    padCount: isPadded ? Math.max(...[from, to].map((end) => end.replace('-', '').length)) : 0,
    isLetter,
  };
}

/** Target `number` of all combinations; the ranges are the digits of a number with mixed bases. */
function expand(texts: readonly string[], ranges: readonly TemplateRange[], number: number): string {
  let rest = number;
  let text = texts.at(-1) ?? '';
  for (let at = ranges.length - 1; at >= 0; at--) {
    const range = ranges[at] as TemplateRange;
    const value = range.first + range.step * (rest % range.count);
    rest = Math.floor(rest / range.count);
    text = `${texts[at]}${showValue(range, value)}${text}`;
  }
  return text;
}

function showValue({ isLetter, padCount }: TemplateRange, value: number): string {
  if (isLetter) return String.fromCharCode(value);
  const digits = String(Math.abs(value)).padStart(padCount, '0');
  return value < 0 ? `-${digits}` : digits;
}
