// Turns the options of a load into its plan, or reports everything that is wrong with them, before anything starts.

import type { Limits } from '../limits/read.ts';
import { maxConnectionsByFiles } from '../limits/capacity.ts';
import { USER_AGENT } from '../lab/context.ts';
import { SpillwayError } from '../model/errors.ts';
import { parseHttpUrl } from '../model/http-url.ts';
import type { LoadPlan } from '../model/load/load-plan.ts';
import type { ArrivalKind, Expectations, LoadRequest, RateStage } from '../model/load/load-task.ts';
import { shownHref, shownUrl } from '../model/shown-url.ts';

const DEFAULT_DURATION_MS = 10_000;
const MAX_URLS = 100;
const MAX_HEADER_BYTES = 65_536;
const MAX_CHECKED_BYTES = 1_000_000;
/** Header fields that the transport writes itself. */
const OWN_FIELDS = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade']);

export interface PlanInput {
  readonly urls: readonly string[];
  readonly weights: readonly number[] | null;
  readonly method: string | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly content: Uint8Array | null;
  readonly rate: { readonly stages: readonly RateStage[]; readonly hasDuration: boolean } | null;
  readonly arrivals: ArrivalKind;
  readonly seed: number;
  readonly requestCount: number | null;
  readonly durationMs: number | null;
  readonly warmUpMs: number;
  readonly drainMs: number;
  readonly connectionCount: number;
  readonly depth: number;
  readonly maxOwed: number;
  readonly workerCount: number | 'auto';
  readonly isKeepAlive: boolean;
  readonly isHttp2: boolean;
  readonly transport: 'auto' | 'wire' | 'undici';
  readonly trust: LoadPlan['trust'];
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly expect: Expectations;
}

/** @throws SpillwayError `ERR_OPTION` with a line for each problem; `ERR_LIMIT` where this machine allows less */
export function makeLoadPlan(input: PlanInput, limits: Limits): LoadPlan {
  const problems: string[] = [];
  const requests = makeRequests(input, problems);
  const time = resolveTime(input, problems);
  const own = input.headers.find(([name]) => OWN_FIELDS.has(name.toLowerCase()));
  if (own !== undefined)
    problems.push(`--header: expected a field that spillway does not write itself, found ${own[0]}`);
  const transport = chooseTransport(input, problems);
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));

  const workerCount = Math.min(
    input.workerCount === 'auto' ? Math.max(1, limits.cpu.usableCores) : input.workerCount,
    input.connectionCount,
    input.maxOwed,
  );
  refuseConnections(input, requests, workerCount, limits);
  const hasAgent = input.headers.some(([name]) => name.toLowerCase() === 'user-agent');
  return {
    requests,
    headers: [
      ...(hasAgent ? [] : [['user-agent', USER_AGENT] as const]),
      ...input.headers,
      ...(input.isKeepAlive ? [] : [['connection', 'close'] as const]),
    ],
    rate: time.stages === null ? null : { stages: time.stages, kind: input.arrivals },
    seed: input.seed,
    requestCount: input.requestCount,
    durationMs: time.durationMs,
    warmUpMs: input.warmUpMs,
    drainMs: input.drainMs,
    connectionCount: input.connectionCount,
    depth: input.depth,
    maxOwed: input.maxOwed,
    workerCount,
    isKeepAlive: input.isKeepAlive,
    transport,
    protocol: input.isHttp2 ? 'h2' : 'h1',
    trust: input.trust,
    limits: {
      connectTimeoutMs: input.connectTimeoutMs,
      timeoutMs: input.timeoutMs,
      maxHeaderBytes: MAX_HEADER_BYTES,
      maxCheckedBytes: MAX_CHECKED_BYTES,
    },
    expect: input.expect,
  };
}

function makeRequests(input: PlanInput, problems: string[]): LoadRequest[] {
  const { urls, weights, content } = input;
  if (urls.length === 0 || urls.length > MAX_URLS)
    problems.push(`URL: expected from 1 to ${MAX_URLS}, found ${urls.length}`);
  if (weights !== null && weights.length !== urls.length)
    problems.push(`--weights: expected a number for each of ${urls.length} URLs, found ${weights.length}`);
  const method = input.method ?? (content === null ? 'GET' : 'POST');
  return urls.flatMap((text, index) => {
    const url = parseHttpUrl(text);
    if (url === null) {
      problems.push(`URL: expected an absolute http or https URL, found ${JSON.stringify(shownUrl(text))}`);
      return [];
    }
    const login = loginOf(url);
    return [
      {
        name: `${method} ${shownHref(url)}`,
        origin: url.origin,
        method,
        path: url.pathname + url.search,
        headers: login === null ? [] : [['authorization', login] as const],
        content,
        weight: weights?.[index] ?? 1,
      },
    ];
  });
}

/** A login in a URL, as a field (RFC 7617). */
function loginOf({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function resolveTime(
  { rate, requestCount, durationMs }: PlanInput,
  problems: string[],
): { stages: readonly RateStage[] | null; durationMs: number | null } {
  if (requestCount !== null && durationMs !== null)
    problems.push('--requests: expected either it or --duration, found both');
  if (rate === null)
    return {
      stages: null,
      durationMs: durationMs ?? (requestCount === null ? DEFAULT_DURATION_MS : null),
    };
  if (rate.hasDuration) {
    if (durationMs !== null)
      problems.push('--duration: expected it to be left out where the stages of --rate have their own');
    const wholeMs = rate.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
    return { stages: rate.stages, durationMs: requestCount === null ? wholeMs : null };
  }
  const [stage] = rate.stages as [RateStage];
  if (stage.fromPerSec !== stage.toPerSec)
    problems.push('--rate: expected a time for a rate that changes, such as 0..500/2m, found none');
  const wholeMs =
    durationMs ??
    (requestCount === null ? DEFAULT_DURATION_MS : (2 * 1e3 * (requestCount + 1)) / stage.toPerSec + 1e3);
  return {
    stages: [{ ...stage, durationMs: wholeMs }],
    durationMs: requestCount === null ? wholeMs : null,
  };
}

/** With `auto`: wire, or undici for HTTP/2. */
function chooseTransport(
  { transport, isHttp2, depth, isKeepAlive }: PlanInput,
  problems: string[],
): 'wire' | 'undici' {
  if (!isKeepAlive && depth > 1) problems.push('--pipelining: expected 1 with --no-keep-alive');
  if (transport === 'wire' && isHttp2)
    problems.push('--transport: expected HTTP/1.1 for wire, found --http2; leave it at auto');
  return transport === 'auto' ? (isHttp2 ? 'undici' : 'wire') : transport;
}

function refuseConnections(
  { connectionCount }: PlanInput,
  requests: readonly LoadRequest[],
  workerCount: number,
  limits: Limits,
): void {
  const { count } = maxConnectionsByFiles(limits, { workerCount });
  const needed = connectionCount * new Set(requests.map(({ origin }) => origin)).size;
  if (count === null || needed <= count) return;
  throw new SpillwayError(
    'ERR_LIMIT',
    `--connections: expected at most ${count}, as many files as this process may open, found ${needed}; ask for fewer, or raise the limit (spillway doctor says how)`,
  );
}
