// The rules of a robots.txt for one agent (RFC 9309): which of its lines are ours, and whether they allow a path. Pure.
// Where the standard leaves room, what a site disallows is not fetched. The work is linear in the file and, for a path,
// bounded; only the rules of our agent are kept.

/** What is read of a line; a longer `Disallow` then forbids more, a longer `Allow` is left out. */
const MAX_LINE_CHARACTERS = 16 * 1024;
/** Steps that judging one path may take: patterns with wildcards times the path. Past it nothing is allowed. */
const MAX_STEPS = 100_000_000;
const MAX_DELAY_SEC = 3_600;

/** Keys as people write them. */
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
  /** Normalised; what decides is the longest that matches. */
  readonly length: number;
  /** Literals between wildcards; the first stands at the path's beginning. */
  readonly pieces: readonly string[];
  /** The last of them stands at the path's end. */
  readonly isAnchored: boolean;
}

interface Group {
  readonly rules: Rule[];
  delaySec: number | null;
}

export type PathVerdict = 'allowed' | 'disallowed' | 'too-costly';

export class RobotsRules {
  /** Longest first, and of the same length those that allow. */
  readonly #rules: readonly Rule[];
  readonly #wildcardCharacters: number;
  /** Pause between two requests. */
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

  /** @param path of the URL, with its query */
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
 * The rules for `userAgent`: of all groups that name it, else of those for `*`.
 * @param userAgent as it is sent; its name is what stands before a slash, a blank or a bracket
 */
export function parseRobots(text: string, userAgent: string): RobotsRules {
  const names = agentNames(userAgent);
  const own: Group = { rules: [], delaySec: null };
  const others: Group = { rules: [], delaySec: null };
  let hasOwn = false;
  // Rules before any agent are for all.
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
    // A colon that was forgotten is meant all the same.
    const end = colon === -1 ? content.search(/\s/u) : colon;
    const key = end === -1 ? undefined : KEYS[content.slice(0, end).trim().toLowerCase()];
    const isCut = whole !== found[0] && comment === -1;
    if (key !== undefined) yield { key, value: content.slice(end + 1).trim(), isCut };
  }
}

/** The names of an agent: its first, and the one that stands in brackets after what a browser is called. */
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

/** Null for a rule that says nothing. */
function makeRule(key: 'allow' | 'disallow', value: string, isCut: boolean): Rule | null {
  const isAllow = key === 'allow';
  if (value === '' || (isCut && isAllow)) return null;
  const isAnchored = value.endsWith('$') && !isCut;
  const pattern = isAnchored ? value.slice(0, -1) : value;
  // Without the slash that it has to begin with, it is meant for the beginning as well.
  const rooted = /^[/*]/u.test(pattern) ? pattern : `/${pattern}`;
  const normal = rooted.split(/\*+/u).map(normalText).join('*');
  // A copy: a part of the file's text would keep the whole of it.
  const pieces = Buffer.from(slashesInQuery(normal) ?? normal, 'latin1')
    .toString('latin1')
    .split('*');
  const length = pieces.reduce((sum, piece) => sum + piece.length, pieces.length - 1) + (isAnchored ? 1 : 0);
  return { isAllow, length, pieces, isAnchored };
}

/** Each piece at its first place behind the one before; the last at the end, where the rule is anchored. */
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
 * One spelling of a text, for a path as for a rule (RFC 9309, section 2.2.2): what may stand for itself does (RFC 3986, unreserved), and everything else is its bytes in
 * percent-encoding with capitals. Of the reserved characters only those that divide a path or a query stand for
 * themselves, so that an encoded one of them is another text.
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

/** In a query, an encoded slash or question mark says the same as a plain one; null where there is none. */
function slashesInQuery(path: string): string | null {
  const query = path.indexOf('?');
  if (query === -1) return null;
  const plain = path.slice(query).replaceAll(/%(?:2F|3F)/gu, (found) => (found === '%2F' ? '/' : '?'));
  return plain.length === path.length - query ? null : path.slice(0, query) + plain;
}
