// Turns the values of `spillway fetch` into the options of the runner: reads the files that the command line names,
// reads proxies from the environment, and reports all conflicts at once.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { mostThreadsOn } from '../../limits/cores.ts';
import { SpillwayError } from '../../model/errors.ts';
import { LIST_DEFAULTS, LIST_PRESETS, type ListApiOptions } from '../../model/list-api-options.ts';
import { withoutLogins } from '../../model/shown-url.ts';
import type { FetchOptions } from '../../runner/fetch/fetch-options.ts';
import { COUNTED_URLS, fetchDefaults, SLOW_WINDOW_MS } from '../../runner/fetch/fetch-defaults.ts';
import type { SourceOptions } from '../../runner/fetch/targets/fetch-sources.ts';
import type { FETCH_OPTIONS } from './fetch-options.ts';
import { headerFields } from './fetch-values.ts';
import type { ValuesOf } from '../options.ts';
import { readProxies } from './proxy-environment.ts';

type FetchValues = ValuesOf<typeof FETCH_OPTIONS>;

const STDIN = '-';

/** @throws SpillwayError ERR_OPTION with every problem, one a line */
export function toFetchOptions(values: FetchValues, words: readonly string[]): FetchOptions {
  const problems: string[] = [];
  const headers = [...(values.header ?? []), ...readHeaderFile(values.headerFile, problems)];
  const sources = toSources(values, words, problems);
  const { proxy: flagged } = values;
  const proxy =
    flagged === undefined
      ? readProxies(process.env, problems)
      : { http: flagged, https: flagged, except: '' };
  if (values.http1 && values.http2)
    problems.push('--http2: expected one of --http1 and --http2, found both; leave one out');
  if (values.ipv4 && values.ipv6) problems.push('-4: expected one of -4 and -6, found both');
  const mostThreads = mostThreadsOn(availableParallelism());
  if (values.cores !== 'auto' && values.cores > mostThreads) {
    problems.push(
      `--cores: expected auto or a whole number from 1 to ${mostThreads} (four a core), found ${values.cores}`,
    );
  }
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
  const defaults = fetchDefaults(values.adaptive);
  return {
    sources,
    to: values.to ?? null,
    nameTemplate: values.name ?? null,
    bytes: values.bytes ?? null,
    segmentBytes: values.segmentSize,
    setsTimes: values.timestamps,
    request: {
      userAgent: values.userAgent ?? defaults.request.userAgent,
      headers,
      listHeaders: values.listHeader ?? [],
      transport: values.transport,
      allowsHttp2: !values.http1,
      prefersHttp2: values.http2,
      isInsecure: values.insecure,
      proxy,
      honoursRobots: values.robots,
      continuesWithoutValidator: values.continueWithoutValidator,
      allowsPrivateRedirects: values.allowPrivateRedirects,
      names: {
        servers: values.dnsServers ?? [],
        pins: values.resolve ?? {},
        family: values.ipv4 ? 4 : values.ipv6 ? 6 : 0,
        timeoutMs: values.dnsTimeout,
      },
    },
    netrcFile: values.netrc ?? null,
    caFile: values.ca ?? null,
    limits: {
      totalMs: values.deadline,
      connectMs: values.connectTimeout,
      firstByteMs: values.firstByteTimeout,
      idleMs: values.idleTimeout,
      minBytesPerSec: values.minSpeed,
      slowWindowMs: values.minSpeed === 0 ? 0 : SLOW_WINDOW_MS,
      maxBodyBytes: values.maxBody,
      maxHeaderBytes: defaults.limits.maxHeaderBytes,
      maxRedirects: values.maxRedirects,
      maxRetries: values.retries,
      retryBudgetRatio: values.retryBudget,
      maxRetryWaitMs: values.maxRetryWait,
      stallMs: values.stallTimeout,
    },
    budgets: {
      isPerOriginGiven: values.perOrigin !== 'auto',
      maxPerOrigin: values.perOrigin === 'auto' ? defaults.budgets.maxPerOrigin : values.perOrigin,
      isAdaptive: values.adaptive,
      maxAttemptsPerSec: values.rate,
      maxBytesPerSec: values.maxBytesPerSec,
    },
    maxInFlight: values.maxInFlight === 'auto' ? defaults.maxInFlight : values.maxInFlight,
    cores: values.cores === 'auto' ? null : values.cores,
    isStrict: values.strict,
    isDeduping: values.dedupe,
    maxRemembered: values.dedupe ? values.dedupeMax : COUNTED_URLS,
  };
}

function readHeaderFile(file: string | undefined, problems: string[]): [string, string][] {
  if (file === undefined) return [];
  try {
    const parsed = headerFields()(readFileSync(file, 'utf8'));
    if ('value' in parsed) return parsed.value;
    problems.push(`--header-file: expected ${parsed.expected} in each line of ${file}`);
  } catch (error) {
    problems.push(
      `--header-file: expected a readable file, found ${withoutLogins((error as Error).message)}`,
    );
  }
  return [];
}

function toSources(values: FetchValues, words: readonly string[], problems: string[]): SourceOptions[] {
  const { format, field } = values;
  const chosen = { ...(format === undefined ? {} : { format }), ...(field === undefined ? {} : { field }) };
  if (words.filter((word) => word === STDIN).length > 1)
    problems.push(`source: expected - once, found it twice`);
  const sources = words.map((word): SourceOptions => {
    if (/^[a-z][a-z0-9+.-]*:\/\//iu.test(word)) return { kind: 'template', template: word };
    const input =
      word === STDIN ? { stream: process.stdin as AsyncIterable<Buffer>, name: 'standard input' } : word;
    return { kind: 'list', input, ...chosen };
  });
  if (values.listApi !== undefined)
    sources.push({ kind: 'list-api', api: toListApi(values.listApi, values) });
  const orphan = Object.keys(values).find(
    (name) => (name === 'preset' || /^list[A-Z]/u.test(name)) && name !== 'listMaxPages',
  );
  if (values.listApi === undefined && orphan !== undefined) {
    problems.push(`--list-api: expected the list's URL beside the other options of a list, found none`);
  }
  return sources;
}

function toListApi(url: string, values: FetchValues): ListApiOptions {
  const base: ListApiOptions = {
    ...LIST_DEFAULTS,
    url,
    ...(values.preset === undefined ? {} : LIST_PRESETS[values.preset]),
    maxPages: values.listMaxPages,
  };
  const pageSize = values.listSize ?? base.paging.pageSize;
  return {
    ...base,
    method: values.listMethod ?? base.method,
    parametersIn: values.listIn ?? base.parametersIn,
    parameters: values.listParam ?? base.parameters,
    paging: {
      ...(values.listPaging === undefined ? base.paging : toPaging(values.listPaging)),
      pageSize,
    } as ListApiOptions['paging'],
    end: values.listEnd === undefined ? base.end : (toPosition(values.listEnd) as ListApiOptions['end']),
    itemsPath: values.listItems ?? base.itemsPath,
    itemUrl: values.listItemUrl ?? base.itemUrl,
    total:
      values.listTotal === undefined ? base.total : (toPosition(values.listTotal) as ListApiOptions['total']),
  };
}

function toPaging({ kind, parts: [name = '', rest] }: NonNullable<FetchValues['listPaging']>): object {
  if (kind === 'page') return { kind, name, first: Number(rest ?? 1) };
  return kind === 'cursor' ? { kind, name, path: rest } : { kind, name };
}

function toPosition({
  kind,
  parts: [rest],
}: {
  readonly kind: string;
  readonly parts: readonly string[];
}): object {
  return kind === 'field' ? { kind, path: rest } : { kind, name: rest };
}
