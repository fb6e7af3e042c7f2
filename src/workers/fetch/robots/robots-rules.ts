// The rules of a robots.txt for one agent (RFC 9309): which of its lines apply to us, and whether they allow
// a path. Pure. Where the standard leaves a choice, the stricter reading holds. The work is linear in the
// file and bounded for each path; only the rules of our agent are kept.

/** Characters that are read of a line. A longer `Disallow` then forbids more; a longer `Allow` is skipped. */
const MAX_LINE_CHARACTERS = 16 * 1024;
/** Most steps for judging one path: patterns with wildcards times the path. Beyond it nothing is allowed. */
const MAX_STEPS = 100_000_000;
const MAX_DELAY_SEC = 3_600;

/** Keys in the spellings that people use. */
const KEYS: Readonly<Record<string, 'agent' | 'disallow' | 'allow' | 'delay'>> = {
  'user-agent': 'agent',
  useragent: 'agent',
  'user agent': 'agent',
  disallow: 'disallow',
  dissallow: 'disallow',
  dissalow: 'disallow',
  disalow: 'disallow',
  diasllow: 'disallow',
  disallaw: 'disallow',
  allow: 'allow',
  'crawl-delay': 'delay',
  crawldelay: 'delay',
};

interface Rule {
  readonly isAllow: boolean;
  /** Length of the normalised pattern: the longest that matches decides. */
  readonly length: number;
  /** Literals between wildcards; the first matches at the path's beginning. */
  readonly pieces: readonly string[];
  /** True where the last of them has to match at the path's end. */
  readonly isAnchored: boolean;
}

interface Group {
  readonly rules: Rule[];
  delaySec: number | null;
}

export type PathVerdict = 'allowed' | 'disallowed' | 'too-costly';

export class RobotsRules {
  /** Longest first, and those that allow first among equals. */
  readonly #rules: readonly Rule[];
  readonly #wildcardCharacters: number;
  /** Pause between two requests that the file asks for. */
  readonly crawlDelayMs: number;

  constructor({ rules, delaySec }: Group) {
    this.#rules = rules.toSorted((a, b) => b.length - a.length || Number(b.isAllow) - Number(a.isAllow));
    this.#wildcardCharacters = rules.reduce(
      (sum, rule) => sum + (rule.pieces.length > 1 ? rule.length : 0),
      0,
    );
    this.crawlDelayMs = Math.min(MAX_DELAY_SEC, delaySec ?? 0) * 1000;
  }

  /** Memory of the rules, in characters. */
  get size(): number {
    return this.#rules.reduce((sum, { length }) => sum + length + 100, 0);
  }

  /** Judges a path. @param path of the URL, with its query */
  judge(path: string): PathVerdict {
    const normal = normalText(path);
    if (normal === '/robots.txt') return 'allowed';
    if (normal.length * this.#wildcardCharacters > MAX_STEPS) return 'too-costly';
    const inQuery = slashesInQuery(normal);
    const rule = this.#rules.find(
      (each) => matches(each, normal) || (inQuery !== null && matches(each, inQuery)),
    );
    return rule === undefined || rule.isAllow ? 'allowed' : 'disallowed';
  }
}

/**
 * Reads the rules for `userAgent`: of all groups that name it, else of those for `*`.
 * @param userAgent as it is sent; its name ends before a slash, a blank or a bracket
 */
export function parseRobots(text: string, userAgent: string): RobotsRules {
  const names = agentNames(userAgent);
  const own: Group = { rules: [], delaySec: null };
  const others: Group = { rules: [], delaySec: null };
  let hasOwn = false;
  // Rules before any agent apply to all agents.
  let isForOwn = false;
  let isForOthers = true;
  let isListingAgents = false;
  for (const { key, value, isCut } of readLines(text)) {
    if (key === 'agent') {
      if (!isListingAgents) isForOwn = isForOthers = false;
      isListingAgents = true;
      if (/^\*(?:\s|$)/u.test(value)) isForOthers = true;
      else if (names.has(nameOf(value))) hasOwn = isForOwn = true;
      continue;
    }
    if (key !== 'delay') isListingAgents = false;
    const groups = [...(isForOwn ? [own] : []), ...(isForOthers ? [others] : [])];
    if (groups.length === 0) continue;
    const rule = key === 'delay' ? null : makeRule(key, value, isCut);
    for (const group of groups) {
      if (key === 'delay') group.delaySec ??= readDelaySec(value);
      else if (rule !== null) group.rules.push(rule);
    }
  }
  return new RobotsRules(hasOwn ? own : others);
}

function* readLines(text: string) {
  const line = /[^\r\n]+/gu;
  for (let found = line.exec(text); found !== null; found = line.exec(text)) {
    const whole = found[0].length > MAX_LINE_CHARACTERS ? found[0].slice(0, MAX_LINE_CHARACTERS) : found[0];
    const comment = whole.indexOf('#');
    const content = (comment === -1 ? whole : whole.slice(0, comment)).replace(/^\ufeff/u, '').trim();
    const colon = content.indexOf(':');
    // Takes a line whose colon was forgotten.
    const end = colon === -1 ? content.search(/\s/u) : colon;
    const key = end === -1 ? undefined : KEYS[content.slice(0, end).trim().toLowerCase()];
    const isCut = whole !== found[0] && comment === -1;
    if (key !== undefined) yield { key, value: content.slice(end + 1).trim(), isCut };
  }
}

/** The names of an agent: the first, and the one in brackets after the name of a browser ("compatible; NAME"). */
function agentNames(userAgent: string): Set<string> {
  const inside = /\(compatible;\s*([^\s;/)]+)/iu.exec(userAgent)?.[1];
  const names = [nameOf(userAgent), ...(inside === undefined ? [] : [nameOf(inside)])];
  return new Set(names.filter((name) => name !== ''));
}

function nameOf(agent: string): string {
  return (/^[^\s/(;,]*/u.exec(agent.trim())?.[0] ?? '').toLowerCase();
}

function readDelaySec(value: string): number | null {
  const [, amount, unit] = /^(\d{1,9}(?:[.,]\d{1,9})?)\s*(ms|s|m|h)?/iu.exec(value) ?? [];
  if (amount === undefined) return null;
  const seconds = { ms: 0.001, s: 1, m: 60, h: 3600 }[unit?.toLowerCase() ?? 's'] ?? 1;
  return Number(amount.replace(',', '.')) * seconds;
}

/** Makes a rule; null for one that says nothing. */
function makeRule(key: 'allow' | 'disallow', value: string, isCut: boolean): Rule | null {
  const isAllow = key === 'allow';
  if (value === '' || (isCut && isAllow)) return null;
  const isAnchored = value.endsWith('$') && !isCut;
  const pattern = isAnchored ? value.slice(0, -1) : value;
  // A pattern without the slash that it should begin with also matches at the beginning.
  const rooted = /^[/*]/u.test(pattern) ? pattern : `/${pattern}`;
  const normal = rooted.split(/\*+/u).map(normalText).join('*');
  // A copy: a slice would keep the whole text of the file in memory.
  const pieces = Buffer.from(slashesInQuery(normal) ?? normal, 'latin1')
    .toString('latin1')
    .split('*');
  const length = pieces.reduce((sum, piece) => sum + piece.length, pieces.length - 1) + (isAnchored ? 1 : 0);
  return { isAllow, length, pieces, isAnchored };
}

/** Finds each piece at its first place after the one before; the last at the end, where the rule is anchored. */
function matches({ pieces, isAnchored }: Rule, path: string): boolean {
  const [first = '', ...rest] = pieces;
  if (!path.startsWith(first)) return false;
  if (rest.length === 0) return !isAnchored || path.length === first.length;
  const last = isAnchored ? rest.pop() : undefined;
  let at = first.length;
  for (const piece of rest) {
    const found = path.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return last === undefined || (path.length - last.length >= at && path.endsWith(last));
}

const PLAIN = /^[\w~./?&=+-]*$/u;

/**
 * Gives a text one spelling, for paths and rules alike (RFC 9309, section 2.2.2): unreserved characters (RFC
 * 3986) stand for themselves, and everything else is percent-encoded in capitals. Of the reserved characters,
 * only those that divide a path or a query stand for themselves, so that an encoded one stays different.
 */
function normalText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.toWellFormed().replaceAll(/%[0-9A-Fa-f]{2}|[^\w~./?&=+-]/gu, (found) => {
    if (found.length === 3 && found.startsWith('%')) {
      const character = String.fromCharCode(Number.parseInt(found.slice(1), 16));
      return /[\w~.-]/u.test(character) ? character : found.toUpperCase();
    }
    return encode(found);
  });
}

function encode(character: string): string {
  let encoded = '';
  for (const byte of Buffer.from(character))
    encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return encoded;
}

/**
 * Decodes slashes and question marks in a query, where they mean the same as plain ones; null where there are
 * none.
 */
function slashesInQuery(path: string): string | null {
  const query = path.indexOf('?');
  if (query === -1) return null;
  const plain = path.slice(query).replaceAll(/%(?:2F|3F)/gu, (found) => (found === '%2F' ? '/' : '?'));
  return plain.length === path.length - query ? null : path.slice(0, query) + plain;
}
