// Turns RunOptions into the options of the runner: checks them, fills in defaults, and finds every problem before
// the start.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mostThreadsOn } from '../limits/cores.ts';
import { isFieldName, isFieldValue } from '../model/header-field.ts';
import { parseHttpUrl } from '../model/http-url.ts';
import { LIST_DEFAULTS, type ListApiOptions } from '../model/list-api-options.ts';
import { DEFAULT_NAME_OPTIONS } from '../model/name-options.ts';
import type { MemorySpec, ModuleSpec, DiscardSpec } from '../model/sink-spec.ts';
import { maskedUrl } from '../model/shown-url.ts';
import type { FetchOptions } from '../runner/fetch/fetch-options.ts';
import {
  COUNTED_URLS,
  DEFAULT_LIMITS,
  fetchDefaults,
  SLOW_WINDOW_MS,
} from '../runner/fetch/fetch-defaults.ts';
import type { SourceOptions } from '../runner/fetch/targets/fetch-sources.ts';
import { readNames } from './name-checks.ts';
import { MANY, type NumberRange, OptionChecks, shownValue } from './option-checks.ts';
import type { RunOptions, RunSource } from './run-options.ts';

const DAY_MS = 86_400_000;
const LEAST_UNREAD = 1024;
const MAX_IN_FLIGHT = 100_000;

/** Range and default of every number; the same defaults as those of `spillway fetch`. */
export const RUN_NUMBERS = {
  maxAttemptsPerSec: [0, MANY, 0],
  maxBytesPerSec: [0, MANY, 0],
  deadlineMs: [0, DAY_MS, DEFAULT_LIMITS.totalMs],
  connectTimeoutMs: [0, DAY_MS, DEFAULT_LIMITS.connectMs],
  dnsTimeoutMs: [0, DAY_MS, DEFAULT_NAME_OPTIONS.timeoutMs],
  firstByteTimeoutMs: [0, DAY_MS, DEFAULT_LIMITS.firstByteMs],
  idleTimeoutMs: [0, DAY_MS, DEFAULT_LIMITS.idleMs],
  stallTimeoutMs: [0, DAY_MS, DEFAULT_LIMITS.stallMs],
  minBytesPerSec: [0, MANY, DEFAULT_LIMITS.minBytesPerSec],
  maxBodyBytes: [0, MANY, DEFAULT_LIMITS.maxBodyBytes],
  maxRetries: [0, 1000, DEFAULT_LIMITS.maxRetries],
  retryBudgetRatio: [0, MANY, DEFAULT_LIMITS.retryBudgetRatio],
  maxRetryWaitMs: [0, DAY_MS, DEFAULT_LIMITS.maxRetryWaitMs],
  maxRedirects: [0, 100, DEFAULT_LIMITS.maxRedirects],
  segmentBytes: [1, MANY, 1e9],
  maxRemembered: [1, 100_000_000, 4_000_000],
} as const satisfies Record<string, NumberRange>;

export interface ResolvedRun {
  readonly fetch: FetchOptions;
  readonly order: 'as-completed' | 'in-order';
  readonly maxUnread: number;
  readonly signal: AbortSignal | null;
}

/** @throws SpillwayError ERR_OPTION with every problem, one a line */
export function resolveRun(options: RunOptions): ResolvedRun {
  const checks = new OptionChecks('startRun', options);
  const number = (name: keyof typeof RUN_NUMBERS) => checks.quantity(name, RUN_NUMBERS[name]);
  const whole = (name: keyof typeof RUN_NUMBERS) => checks.number(name, RUN_NUMBERS[name]);
  const source = checks.collect(() => readSource(checks, checks.other('source')));
  const output = readOutput(checks, checks.other('to'));
  const isAdaptive = checks.flag('adaptive', true);
  const defaults = fetchDefaults(isAdaptive);
  const maxInFlight = checks.numberOr('maxInFlight', [1, MAX_IN_FLIGHT], defaults.maxInFlight);
  const minBytesPerSec = number('minBytesPerSec');
  const isDeduping = checks.flag('dedupe', false);
  const maxRemembered = whole('maxRemembered');
  const isHttp1 = checks.flag('http1', false);
  const isHttp2 = checks.flag('http2', false);
  if (isHttp1 && isHttp2) checks.add('http2: expected one of http1 and http2, found both');
  const proxyUrl = readProxy(checks);
  const bytes =
    checks.other('bytes') === undefined ? null : checks.word('bytes', ['decoded', 'original'], 'decoded');
  // Memory holds the bodies, or what a sink returned for them, until somebody reads them.
  const isHeld = output.sink !== undefined && output.sink.kind !== 'discard';
  const resolved: ResolvedRun = {
    order: checks.word('order', ['as-completed', 'in-order'], 'as-completed'),
    maxUnread: checks.numberOr(
      'maxUnread',
      [1, MANY],
      isHeld ? LEAST_UNREAD : Math.max(LEAST_UNREAD, 2 * maxInFlight),
    ),
    signal: readSignal(checks),
    fetch: {
      sources: source === undefined ? [] : [source],
      ...output,
      nameTemplate: checks.text('nameTemplate'),
      bytes,
      segmentBytes: whole('segmentBytes'),
      setsTimes: checks.flag('timestamps', false),
      request: {
        userAgent: checks.text('userAgent') ?? defaults.request.userAgent,
        headers: readHeaders(checks, 'headers'),
        listHeaders: readHeaders(checks, 'listHeaders'),
        transport: checks.word('transport', ['auto', 'undici'], 'auto'),
        allowsHttp2: !isHttp1,
        prefersHttp2: isHttp2,
        isInsecure: checks.flag('insecure', false),
        honoursRobots: checks.flag('respectRobotsTxt', false),
        continuesWithoutValidator: checks.flag('continueWithoutValidator', false),
        allowsPrivateRedirects: checks.flag('allowPrivateRedirects', false),
        proxy: { http: proxyUrl, https: proxyUrl, except: '' },
        names: { ...readNames(checks), timeoutMs: number('dnsTimeoutMs') },
      },
      netrcFile: checks.text('netrcFile'),
      caFile: checks.text('caFile'),
      limits: {
        totalMs: number('deadlineMs'),
        connectMs: number('connectTimeoutMs'),
        firstByteMs: number('firstByteTimeoutMs'),
        idleMs: number('idleTimeoutMs'),
        minBytesPerSec,
        slowWindowMs: minBytesPerSec === 0 ? 0 : SLOW_WINDOW_MS,
        maxBodyBytes: whole('maxBodyBytes'),
        maxHeaderBytes: DEFAULT_LIMITS.maxHeaderBytes,
        maxRedirects: whole('maxRedirects'),
        maxRetries: whole('maxRetries'),
        retryBudgetRatio: number('retryBudgetRatio'),
        maxRetryWaitMs: number('maxRetryWaitMs'),
        stallMs: number('stallTimeoutMs'),
      },
      budgets: {
        isPerOriginGiven: options.maxPerOrigin !== undefined,
        maxPerOrigin: checks.numberOr('maxPerOrigin', [0, MANY], defaults.budgets.maxPerOrigin),
        isAdaptive,
        maxAttemptsPerSec: number('maxAttemptsPerSec'),
        maxBytesPerSec: number('maxBytesPerSec'),
      },
      maxInFlight,
      cores: checks.numberOr('cores', [1, mostThreadsOn(availableParallelism())], null),
      isStrict: checks.flag('strict', false),
      isDeduping,
      maxRemembered: isDeduping ? maxRemembered : COUNTED_URLS,
    },
  };
  checks.finish();
  return resolved;
}

function readSource(checks: OptionChecks, source: unknown): SourceOptions | undefined {
  if (typeof source === 'string') return { kind: 'template', template: source };
  if (typeof source === 'object' && source !== null) {
    if ('file' in source) {
      const { file, ...rest } = source as Extract<RunSource, { file: string }>;
      return { kind: 'list', input: file, ...rest };
    }
    if ('listApi' in source) {
      const { listApi } = source as { listApi: (Partial<ListApiOptions> & { url: string }) | undefined };
      if (listApi !== undefined && URL.canParse(listApi.url))
        return { kind: 'list-api', api: { ...LIST_DEFAULTS, ...listApi } };
      checks.add(`source.listApi.url: expected an http or https URL, found ${shownValue(listApi?.url)}`);
      return undefined;
    }
    if (Symbol.iterator in source || Symbol.asyncIterator in source)
      return { kind: 'items', items: source as Iterable<string | URL>, name: 'source' };
  }
  checks.add(
    `source: expected a URL, a template, something that iterates over URLs, { file } or { listApi }, found ${shownValue(source)}`,
  );
  return undefined;
}

function readOutput(
  checks: OptionChecks,
  to: unknown,
): Pick<FetchOptions, 'to'> & { sink?: MemorySpec | ModuleSpec | DiscardSpec } {
  if (to === 'memory' || to === 'discard') return { to: 'discard', sink: { kind: to } };
  if (typeof to === 'string' && to !== '') return { to };
  if (typeof to === 'object' && to !== null && 'module' in to) {
    const { module, options } = to as { module: string | URL; options?: unknown };
    const url = String(module).startsWith('file:') ? new URL(module) : pathToFileURL(resolve(String(module)));
    if (!existsSync(fileURLToPath(url)))
      checks.add(`to.module: expected a module, found nothing at ${url.href}`);
    if (!canCross(options))
      checks.add('to.options: expected what a structured clone takes, found a function or the like');
    return { to: 'discard', sink: { kind: 'module', href: url.href, options } };
  }
  checks.add(`to: expected 'memory', 'discard', a directory, a file or { module }, found ${shownValue(to)}`);
  return { to: 'discard' };
}

function canCross(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** Header names and values that are valid in a field line (RFC 9110 section 5): none can end the line. */
function readHeaders(checks: OptionChecks, option: 'headers' | 'listHeaders'): [string, string][] {
  const given = checks.other(option) ?? {};
  if (typeof given !== 'object') {
    checks.add(`${option}: expected an object of names and values, found ${typeof given}`);
    return [];
  }
  const fields = Object.entries(given as Record<string, unknown>);
  for (const [name, value] of fields) {
    // Shows no value, and no name that is invalid: either may be a secret.
    const isName = isFieldName(name);
    if (!isName || !isFieldValue(String(value))) {
      const found = isName ? JSON.stringify(name) : 'a name with other characters';
      checks.add(`${option}: expected a name and a value that fit in a line, found ${found}`);
    }
  }
  return fields.map(([name, value]) => [name, String(value).trim()]);
}

function readProxy(checks: OptionChecks): string {
  const text = checks.text('proxyUrl');
  if (text === null) return '';
  const url = parseHttpUrl(text);
  if (url !== null) return url.href;
  checks.add(`proxyUrl: expected a URL such as http://127.0.0.1:3128, found '${maskedUrl(text)}'`);
  return '';
}

function readSignal(checks: OptionChecks): AbortSignal | null {
  const signal = checks.other('signal');
  if (signal === undefined || signal instanceof AbortSignal) return signal ?? null;
  checks.add(`signal: expected an AbortSignal, found ${typeof signal}`);
  return null;
}
