// What resolv.conf says (resolv.conf(5)): servers, search list, and when a name is asked for as it stands.
// Pure, apart from reading the file.

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

export interface ResolvConf {
  readonly servers: readonly string[];
  /** Domains that are appended to a name. */
  readonly search: readonly string[];
  /** A name with at least so many dots is first asked for as it stands. */
  readonly ndots: number;
  /** How long a server may take before it is asked again. */
  readonly timeoutMs: number;
  /** How often each server is asked. */
  readonly attempts: number;
}

/** Defaults and limits of glibc. */
const MAX_SERVERS = 3;
const MAX_NDOTS = 15;
const MAX_TIMEOUT_SEC = 30;
const MAX_ATTEMPTS = 5;
const MAX_SEARCH = 32;
/** A longer file is cut here: it is no configuration. */
const MAX_CHARS = 64 * 1024;

export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  let search: string[] = [];
  let ndots = 1;
  let timeoutMs = 5_000;
  let attempts = 2;
  for (const line of text.slice(0, MAX_CHARS).split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/u, '')
      .trim()
      .split(/\s+/u);
    const [first = ''] = values;
    if (keyword === 'nameserver' && isIP(first.replace(/%.*/u, '')) !== 0) servers.push(first);
    // Of `search` and `domain`, the one that comes last in the file holds.
    else if (keyword === 'search') search = values;
    else if (keyword === 'domain') search = values.slice(0, 1);
    else if (keyword === 'options') {
      for (const option of values) {
        const [, name, digits] = /^(ndots|timeout|attempts):(\d{1,4})$/u.exec(option) ?? [];
        const value = Number(digits);
        if (name === 'ndots') ndots = Math.min(value, MAX_NDOTS);
        else if (name === 'timeout') timeoutMs = Math.min(Math.max(1, value), MAX_TIMEOUT_SEC) * 1000;
        else if (name === 'attempts') attempts = Math.min(Math.max(1, value), MAX_ATTEMPTS);
      }
    }
  }
  return {
    servers: servers.slice(0, MAX_SERVERS),
    search: search.slice(0, MAX_SEARCH).map((domain) => domain.replace(/\.$/u, '').toLowerCase()),
    ndots,
    timeoutMs,
    attempts,
  };
}

/** Reads the file; where there is none, the server is the one of this machine, as in glibc. */
export function readResolvConf(file: string = '/etc/resolv.conf'): ResolvConf {
  let text = '';
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    // An unreadable file counts as empty.
  }
  const conf = parseResolvConf(text);
  return conf.servers.length > 0 ? conf : { ...conf, servers: ['127.0.0.1'] };
}

/** The names to ask for in turn for `hostname`, until one exists. Each is absolute. */
export function searchNames(hostname: string, { search, ndots }: ResolvConf): string[] {
  if (hostname.endsWith('.')) return [hostname.slice(0, -1)];
  const dots = hostname.split('.').length - 1;
  const searched = search.filter((domain) => domain !== '').map((domain) => `${hostname}.${domain}`);
  return dots >= ndots ? [hostname, ...searched] : [...searched, hostname];
}
