// The options of `spillway fetch`.

import { row } from '../options.ts';
import {
  byteCount,
  headerFields,
  httpUrl,
  kindAndRest,
  nameAndCount,
  parameters,
  pinnedNames,
  ratio,
  serverAddresses,
} from './fetch-values.ts';
import { autoOr, duration, flag, oneOf, plainText, wholeNumber } from '../values.ts';

const DAY_MS = 86_400_000;
const NAMED = /^:(.+)$/u;

export const FETCH_OPTIONS = {
  to: row({
    flags: '--to <output>',
    meaning:
      'directory, file ending in .ndjson, .warc or .tar (with .gz, .zst), or discard (default: results/<time>)',
    parse: plainText(),
  }),
  new: row({
    flags: '--new',
    initial: 'false',
    meaning: 'begin another run, where the same command would go on with one that was not finished',
    parse: flag(),
  }),
  name: row({
    flags: '--name <template>',
    meaning: "name of each file, such as '{host}/{index:6}-{name}'",
    parse: plainText(),
  }),
  format: row({
    flags: '--format <name>',
    meaning: 'format of the lists: txt, csv, tsv, jsonl (default: by name, else by content)',
    parse: oneOf(['txt', 'csv', 'tsv', 'jsonl'] as const),
  }),
  field: row({
    flags: '--field <name>',
    meaning: 'column of a table, by name or number, or path in jsonl (default: url)',
    parse: plainText(),
  }),
  strict: row({ flags: '--strict', initial: 'false', meaning: 'a bad line ends the run', parse: flag() }),
  dedupe: row({
    flags: '--dedupe',
    initial: 'false',
    meaning: 'fetch a URL once, however often it is listed',
    parse: flag(),
  }),
  dedupeMax: row({
    flags: '--dedupe-max <n>',
    initial: '4m',
    meaning: 'URLs that --dedupe remembers, in up to 43 bytes each',
    parse: wholeNumber(1, 100_000_000),
  }),
  listApi: row({
    flags: '--list-api <url>',
    meaning: 'a paginated list of URLs, walked while its items are fetched',
    parse: httpUrl(),
  }),
  preset: row({
    flags: '--preset <name>',
    meaning: 'how a known list API is asked: mock',
    parse: oneOf(['mock'] as const),
  }),
  listMethod: row({
    flags: '--list-method <name>',
    meaning: 'GET or POST (default: GET)',
    parse: oneOf(['GET', 'POST'] as const),
  }),
  listIn: row({
    flags: '--list-in <part>',
    meaning: 'where the parameters of a page go: query, form or json (default: query)',
    parse: oneOf(['query', 'form', 'json'] as const),
  }),
  listParam: row({
    flags: '--list-param <name=value>',
    meaning: 'parameter sent with every page; may be repeated',
    parse: parameters(),
    isRepeated: true,
  }),
  listHeader: row({
    flags: '--list-header <field>',
    meaning: 'header field for the pages alone, such as a token; may be repeated',
    parse: headerFields(),
    isRepeated: true,
  }),
  listPaging: row({
    flags: '--list-paging <how>',
    meaning: 'offset:NAME, page:NAME, cursor:NAME=PATH or link (default: offset:start)',
    parse: kindAndRest(
      { offset: NAMED, page: /^:([^=]+)(?:=(\d+))?$/u, cursor: /^:([^=]+)=(.+)$/u, link: /^$/u },
      'offset:NAME, page:NAME, page:NAME=FIRST, cursor:NAME=PATH or link',
    ),
  }),
  listSize: row({
    flags: '--list-size <name=n>',
    meaning: 'parameter that sets how many items a page has',
    parse: nameAndCount(),
  }),
  listEnd: row({
    flags: '--list-end <how>',
    meaning: 'empty, header:NAME or field:PATH, true while there is more (default: empty)',
    parse: kindAndRest({ empty: /^$/u, header: NAMED, field: NAMED }, 'empty, header:NAME or field:PATH'),
  }),
  listItems: row({
    flags: '--list-items <path>',
    meaning: 'path of the array of items in a page, such as data.items',
    parse: plainText(),
  }),
  listItemUrl: row({
    flags: '--list-item-url <template>',
    meaning: "an item's URL, such as '{}' or '/files/{id}'",
    parse: plainText(),
  }),
  listTotal: row({
    flags: '--list-total <how>',
    meaning: 'header:NAME or field:PATH with the number of items: pages are then asked ahead',
    parse: kindAndRest({ header: NAMED, field: NAMED }, 'header:NAME or field:PATH'),
  }),
  listMaxPages: row({
    flags: '--list-max-pages <n>',
    initial: '100k',
    meaning: 'a longer list is a failure',
    parse: wholeNumber(1),
  }),
  bytes: row({
    flags: '--bytes <kind>',
    meaning: 'decoded, or original as sent (default: decoded, original in a WARC)',
    parse: oneOf(['decoded', 'original'] as const),
  }),
  segmentSize: row({
    flags: '--segment-size <size>',
    initial: '1gb',
    meaning: 'begin another packed file when one grows beyond this',
    parse: byteCount(1),
  }),
  timestamps: row({
    flags: '--timestamps',
    initial: 'false',
    meaning: 'give each file the time that Last-Modified says',
    parse: flag(),
  }),
  cores: row({
    flags: '--cores <n>',
    initial: 'auto',
    meaning: 'worker threads, one a core',
    parse: autoOr(wholeNumber(1, 1024)),
  }),
  maxInFlight: row({
    flags: '--max-in-flight <n>',
    initial: 'auto',
    meaning:
      'requests open at once, or answered and not recorded (auto: 4096, fewer where files are short; 256 with --no-adaptive)',
    parse: autoOr(wholeNumber(1, 100_000)),
  }),
  adaptive: row({
    flags: '--adaptive',
    initial: 'true',
    meaning: 'find how many requests each origin serves best, up to --per-origin',
    parse: flag(),
  }),
  noAdaptive: row({
    flags: '--no-adaptive',
    initial: 'false',
    meaning: 'always --per-origin requests at an origin',
    parse: flag(),
  }),
  perOrigin: row({
    flags: '--per-origin <n>',
    initial: 'auto',
    meaning:
      'requests open at once at one origin, over all cores; 0: no bound (auto: no bound; 64 with --no-adaptive)',
    parse: autoOr(wholeNumber(0)),
  }),
  robots: row({
    flags: '--robots',
    initial: 'false',
    meaning: 'skip what robots.txt disallows, and keep its crawl-delay',
    parse: flag(),
  }),
  rate: row({
    flags: '--rate <n>',
    initial: '0',
    meaning: 'requests a second, over all cores; 0: no bound',
    parse: ratio(),
  }),
  maxBytesPerSec: row({
    flags: '--max-bytes-per-sec <size>',
    initial: '0',
    meaning: 'body bytes a second, over all cores; 0: no bound',
    parse: byteCount(0),
  }),
  maxBody: row({
    flags: '--max-body <size>',
    initial: '10gb',
    meaning: 'a longer body is a failure, as sent and as decoded; 0: no bound',
    parse: byteCount(0),
  }),
  deadline: row({
    flags: '--deadline <time>',
    initial: '0',
    meaning: 'the longest one attempt may take, its whole body counted in; 0: no bound',
    parse: duration(0, DAY_MS),
  }),
  connectTimeout: row({
    flags: '--connect-timeout <time>',
    initial: '10s',
    meaning: 'longest time to make a connection, TLS included',
    parse: duration(0, DAY_MS),
  }),
  dnsTimeout: row({
    flags: '--dns-timeout <time>',
    initial: '15s',
    meaning: 'longest time to find the addresses of a name, retries included; 0: no bound',
    parse: duration(0, DAY_MS),
  }),
  dnsServers: row({
    flags: '--dns-servers <addresses>',
    meaning: 'name servers in place of those of resolv.conf, such as 9.9.9.9,[2620:fe::fe]:53',
    parse: serverAddresses(),
  }),
  resolve: row({
    flags: '--resolve <host:port:address>',
    meaning: 'address of a host at a port, without asking name servers; several by commas; may be repeated',
    parse: pinnedNames(),
    isRepeated: true,
  }),
  ipv4: row({ flags: '-4, --ipv4', initial: 'false', meaning: 'IPv4 addresses alone', parse: flag() }),
  ipv6: row({ flags: '-6, --ipv6', initial: 'false', meaning: 'IPv6 addresses alone', parse: flag() }),
  firstByteTimeout: row({
    flags: '--first-byte-timeout <time>',
    initial: '30s',
    meaning: 'longest time from the request to the first byte of the answer',
    parse: duration(0, DAY_MS),
  }),
  idleTimeout: row({
    flags: '--idle-timeout <time>',
    initial: '20s',
    meaning: 'longest time between two pieces of a body',
    parse: duration(0, DAY_MS),
  }),
  stallTimeout: row({
    flags: '--stall-timeout <time>',
    initial: '2m',
    meaning:
      'targets of an origin that gives nothing for so long fail, and whatever else stands still; 0: never',
    parse: duration(0, DAY_MS),
  }),
  drainTimeout: row({
    flags: '--drain-timeout <time>',
    initial: '10s',
    meaning: 'after Ctrl-C, how long what is in flight may take to end; a second Ctrl-C cuts it at once',
    parse: duration(0, DAY_MS),
  }),
  minSpeed: row({
    flags: '--min-speed <size>',
    initial: '100',
    meaning: 'bytes a second over 20 s that a body must reach; 0: no bound',
    parse: byteCount(0),
  }),
  continueWithoutValidator: row({
    flags: '--continue-without-validator',
    initial: 'false',
    meaning:
      'go on with a body that was cut even if its server gave no validator (ETag, Last-Modified) for it',
    parse: flag(),
  }),
  retries: row({
    flags: '--retries <n>',
    initial: '3',
    meaning: 'attempts after the first',
    parse: wholeNumber(0, 1000),
  }),
  retryBudget: row({
    flags: '--retry-budget <ratio>',
    initial: '0.2',
    meaning: 'retries at an origin for each of its targets, beyond a small reserve',
    parse: ratio(),
  }),
  maxRetryWait: row({
    flags: '--max-retry-wait <time>',
    initial: '10m',
    meaning: 'a server that asks for a longer pause is not waited for',
    parse: duration(0, DAY_MS),
  }),
  maxRedirects: row({
    flags: '--max-redirects <n>',
    initial: '10',
    meaning: 'redirects an attempt follows',
    parse: wholeNumber(0, 100),
  }),
  allowPrivateRedirects: row({
    flags: '--allow-private-redirects',
    initial: 'false',
    meaning: 'let public origins redirect to loopback, private and other special addresses',
    parse: flag(),
  }),
  header: row({
    flags: '--header <field>',
    meaning: "header field such as 'Accept-Language: en', for the origins that you name; may be repeated",
    parse: headerFields(),
    isRepeated: true,
  }),
  headerFile: row({
    flags: '--header-file <file>',
    meaning: 'header fields from a file, one a line: keeps secrets out of the process list',
    parse: plainText(),
  }),
  userAgent: row({
    flags: '--user-agent <text>',
    meaning: 'name to send as User-Agent (default: its own)',
    parse: plainText(),
  }),
  netrc: row({ flags: '--netrc <file>', meaning: 'file with logins by host', parse: plainText() }),
  proxy: row({
    flags: '--proxy <url>',
    meaning: 'proxy for all targets (default: HTTP_PROXY, HTTPS_PROXY, NO_PROXY)',
    parse: httpUrl(),
  }),
  transport: row({
    flags: '--transport <name>',
    initial: 'auto',
    meaning: 'auto: wire without a proxy, undici for HTTP/2 and the rest; or undici for all',
    parse: oneOf(['auto', 'undici'] as const),
  }),
  http1: row({
    flags: '--http1',
    initial: 'false',
    meaning: 'no HTTP/2, not even where a server speaks nothing else',
    parse: flag(),
  }),
  http2: row({
    flags: '--http2',
    initial: 'false',
    meaning: 'HTTP/2 over TLS wherever the server offers it: for far servers that limit connections',
    parse: flag(),
  }),
  ca: row({
    flags: '--ca <file>',
    meaning: 'certificates in PEM to trust besides the usual',
    parse: plainText(),
  }),
  insecure: row({
    flags: '--insecure',
    initial: 'false',
    meaning: 'accept any certificate: anybody on the way can read and change everything',
    parse: flag(),
  }),
  json: row({
    flags: '--json',
    initial: 'false',
    meaning: 'the account as JSON on standard output, and nothing else there',
    parse: flag(),
  }),
  quiet: row({
    flags: '--quiet',
    initial: 'false',
    meaning: 'no progress, and no account but for failures',
    parse: flag(),
  }),
} as const;
