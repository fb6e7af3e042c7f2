// Parses the text of an option into a value in its unit, or says what was expected. Nothing here knows an option's
// name.

/** The value, or what a message says after "expected". */
export type Parsed<Value> =
  | { readonly value: Value }
  | {
      readonly expected: string;
      /** What a message shows instead of the text, which may be a secret. */
      readonly found?: string;
      /** The part of the text that is wrong. @default the whole; shown without logins */
      readonly piece?: string;
    };

export interface Parser<Value> {
  (text: string): Parsed<Value>;
  /** The words that it accepts, where they can be listed. */
  readonly choices?: readonly string[];
}

/** A whole number from `least` to `most`; `10_000` and `10k`, `1m` are taken too. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): Parser<number> {
  const bounds = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
  return (text) => {
    const match = /^(\d{1,3}(?:_\d{3})+|\d+)([km]?)$/i.exec(text.trim());
    const factor = { '': 1, k: 1e3, m: 1e6 }[match?.[2]?.toLowerCase() ?? ''] ?? Number.NaN;
    const value = Number(match?.[1]?.replaceAll('_', '')) * factor;
    if (!Number.isSafeInteger(value) || value < least || value > most)
      return { expected: `a whole number ${bounds}` };
    return { value };
  };
}

export function autoOr<Value>(parser: Parser<Value>): Parser<'auto' | Value> {
  const parse = (text: string): Parsed<'auto' | Value> => {
    if (text.trim() === 'auto') return { value: 'auto' };
    const parsed = parser(text);
    return 'value' in parsed ? parsed : { ...parsed, expected: `auto or ${parsed.expected}` };
  };
  return Object.assign(parse, { choices: ['auto', ...(parser.choices ?? [])] });
}

const UNITS_MS = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6 } as const;

/** `300ms`, `1s`, `1.5s`, `2m`, `1h`, and `0`; in milliseconds. */
export function duration(leastMs: number, mostMs: number): Parser<number> {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
    const unitMs = UNITS_MS[match?.[2] as keyof typeof UNITS_MS];
    const valueMs = text.trim() === '0' ? 0 : match === null ? Number.NaN : Number(match[1]) * unitMs;
    if (!(valueMs >= leastMs && valueMs <= mostMs)) {
      return {
        expected: `a time from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}, such as 300ms or 1s`,
      };
    }
    return { value: valueMs };
  };
}

export function oneOf<Value extends string>(values: readonly Value[]): Parser<Value> {
  const parse = (text: string): Parsed<Value> => {
    const value = values.find((candidate) => candidate === text.trim());
    return value === undefined ? { expected: values.join(', ').replace(/, ([^,]+)$/, ' or $1') } : { value };
  };
  return Object.assign(parse, { choices: values });
}

export function httpOrigin(): Parser<string> {
  return (text) => {
    const expected = 'an origin such as http://127.0.0.1:8000, without path, query or credentials';
    if (!URL.canParse(text)) return { expected };
    const url = new URL(text);
    const isOrigin =
      url.pathname === '/' &&
      url.search === '' &&
      url.hash === '' &&
      url.username === '' &&
      url.password === '';
    return isOrigin && ['http:', 'https:'].includes(url.protocol) ? { value: url.origin } : { expected };
  };
}

/** An option without a value. */
export function flag(): Parser<boolean> {
  return (text) => ({ value: text === 'true' });
}

export function plainText(): Parser<string> {
  return (text) => (text === '' ? { expected: 'some text' } : { value: text });
}

/** The shortest exact form: `0`, `300ms`, `1.5s`, `2m`, `3h`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0';
  if (ms >= 3.6e6 && ms % 3.6e6 === 0) return `${ms / 3.6e6}h`;
  if (ms >= 6e4 && ms % 6e4 === 0) return `${ms / 6e4}m`;
  return ms >= 1e3 ? `${ms / 1e3}s` : `${ms}ms`;
}
