// The options of a run for a program that uses the library: plain data; all but `source` and `to` have a default.
// Types only; resolve-run.ts checks them.

import type { ListApiOptions } from '../model/list-api-options.ts';

/**
 * Where URLs come from: a URL, a template such as `http://host/{0..9999}`, anything that iterates over URLs, a list in a
 * file, or a paginated list API.
 */
export type RunSource =
  | string
  | Iterable<string | URL>
  | AsyncIterable<string | URL>
  | {
      /** Text with a URL a line, CSV, TSV or JSON lines; `.gz` and `.zst` are unpacked. */
      readonly file: string;
      /** @default by the name, else by the content */
      readonly format?: 'txt' | 'csv' | 'tsv' | 'jsonl';
      /** Column of a CSV, or path in JSON lines. @default 'url' */
      readonly field?: string;
    }
  | {
      /** Left out: asks by GET with `?start=N` until an empty page; each page is an array of URLs. */
      readonly listApi: Partial<ListApiOptions> & Pick<ListApiOptions, 'url'>;
    };

/** A sink of your own: see `Sink`. */
export interface SinkModule {
  /** Path or `file:` URL of the module, which every worker thread loads. */
  readonly module: string | URL;
  /** Passed to its default export; anything that a structured clone takes. */
  readonly options?: unknown;
}

export interface RunOptions {
  readonly source: RunSource;
  /**
   * Where bodies go. `'memory'`: to you, with each outcome. `'discard'`: nowhere, only their length and SHA-256 are
   * kept. A directory, or a file ending in .ndjson, .warc or .tar (and .gz, .zst): there, with a record of the run
   * beside them. A module: to a sink of your own.
   */
  readonly to: string | SinkModule;
  /**
   * Outcomes as they come, or in the order of the source. In order, a slow one holds up those after it; at most
   * `maxUnread` of them are kept.
   * @default 'as-completed'
   */
  readonly order?: 'as-completed' | 'in-order';
  /**
   * Targets that may be under way, or settled and not yet read from `outcomes`; at that many the source is not asked
   * for more. With `'memory'` as many bodies may be in memory: lower it for large ones. 1 or more.
   * @default 1024 with `'memory'` or a module, else twice `maxInFlight` and at least 1024
   */
  readonly maxUnread?: number;
  /** Aborts the run. */
  readonly signal?: AbortSignal;

  /** Worker threads, up to four a core (at least 8, at most 256). @default one a core */
  readonly cores?: number;
  /** Find how many requests each origin serves best, and keep to that. @default true */
  readonly adaptive?: boolean;
  /** Requests open at once, or answered and not recorded, 1 to 100,000. @default 4096, fewer where files are short; 256 without `adaptive` */
  readonly maxInFlight?: number;
  /** Requests open at once at one origin; 0: no bound. @default 0; 64 without `adaptive` */
  readonly maxPerOrigin?: number;
  /** Requests a second over all cores; 0: no bound. @default 0 */
  readonly maxAttemptsPerSec?: number;
  /** Body bytes a second over all cores; 0: no bound. @default 0 */
  readonly maxBytesPerSec?: number;

  /** The longest one attempt may take, redirects and the whole body counted in; 0: no bound. @default 0 */
  readonly deadlineMs?: number;
  /** To make a connection, TLS handshake included. @default 10000 */
  readonly connectTimeoutMs?: number;
  /** To find the addresses of a name, every question and retry included; 0: no bound. @default 15000 */
  readonly dnsTimeoutMs?: number;
  /** Name servers to ask instead of those of resolv.conf: `address` or `address:port`. @default none */
  readonly dnsServers?: readonly string[];
  /** Addresses of hosts, by `host:port` or by `host`; no name server is asked for these. @default none */
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  /** Connect only to addresses of this family. @default both */
  readonly ipFamily?: 4 | 6;
  /** From the request to the first byte of the answer. @default 30000 */
  readonly firstByteTimeoutMs?: number;
  /** Between two pieces of a body. @default 20000 */
  readonly idleTimeoutMs?: number;
  /** An attempt or an origin that gives nothing for so long is given up, whatever its other limits. @default 120000 */
  readonly stallTimeoutMs?: number;
  /** A body that stays below this over 20 s is given up; 0: no bound. @default 100 */
  readonly minBytesPerSec?: number;
  /** A longer body is a failure, as sent and as decoded; 0: no bound. @default 10e9 */
  readonly maxBodyBytes?: number;
  /** Attempts after the first. @default 3 */
  readonly maxRetries?: number;
  /** Retries at an origin for each of its targets, beyond a small reserve. @default 0.2 */
  readonly retryBudgetRatio?: number;
  /** A server that asks for a longer pause is not waited for. @default 600000 */
  readonly maxRetryWaitMs?: number;
  /** Redirects an attempt follows. @default 10 */
  readonly maxRedirects?: number;

  /**
   * Sent to the origins of the source. Not sent after a redirect to another origin, nor to other origins that a
   * list API names.
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields that requests of a list API have besides, and nothing else gets. */
  readonly listHeaders?: Readonly<Record<string, string>>;
  /** @default `spillway/VERSION` */
  readonly userAgent?: string;
  /** Bodies decoded, or as they were sent. @default 'decoded', 'original' in a WARC */
  readonly bytes?: 'decoded' | 'original';
  /** `auto`: the lean HTTP/1.1 transport where there is no proxy, undici for the rest. @default 'auto' */
  readonly transport?: 'auto' | 'undici';
  /** Never use HTTP/2, not even for a server that speaks nothing else. @default false */
  readonly http1?: boolean;
  /** HTTP/2 over TLS wherever the server offers it. @default false */
  readonly http2?: boolean;
  /** Fetch nothing that an origin's robots.txt disallows, and keep its crawl-delay. @default false */
  readonly respectRobotsTxt?: boolean;
  /**
   * Continue a body that was cut even if its server gave no validator to show that it is still the same.
   * @default false
   */
  readonly continueWithoutValidator?: boolean;
  /** Let public origins redirect to loopback, private and other special addresses. @default false */
  readonly allowPrivateRedirects?: boolean;
  /** Proxy for all targets; the environment is not read. @default none */
  readonly proxyUrl?: string;
  /** File with logins by host. @default none */
  readonly netrcFile?: string;
  /** File of PEM certificates to trust in addition to the usual ones. @default none */
  readonly caFile?: string;
  /** Accept any certificate: anybody on the way can read and change everything. @default false */
  readonly insecure?: boolean;

  /** Name of each file in a directory, such as `{host}/{index:6}-{name}`. @default from the answer or the URL */
  readonly nameTemplate?: string;
  /** A packed file that grows beyond this is followed by another. @default 1e9 */
  readonly segmentBytes?: number;
  /** Give each file in a directory the time of its Last-Modified. @default false */
  readonly timestamps?: boolean;
  /** End the run at the first item of the source that is no URL, instead of counting a failure. @default false */
  readonly strict?: boolean;
  /** Fetch a URL once, however often the source yields it. @default false */
  readonly dedupe?: boolean;
  /** URLs remembered for `dedupe`, up to 43 bytes of memory each. @default 4,000,000 */
  readonly maxRemembered?: number;
}
