// Parsers of options that only `fetch` has; values.ts has those that commands share.

import { isIP } from 'node:net';
import { isFieldName, isFieldValue } from '../../model/header-field.ts';
import { parseHttpUrl } from '../../model/http-url.ts';
import { isServerAddress } from '../../model/name-options.ts';
import type { Parser } from '../values.ts';

const UNITS = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
} as const;

/** `500`, `10kb`, `1.5mb`, `2gib`; in bytes. */
export function byteCount(leastBytes: number): Parser<number> {
  return (text) => {
    const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)$/iu.exec(text.trim());
    const factor = UNITS[match?.[2]?.toLowerCase() as keyof typeof UNITS];
    const bytes = match === null || factor === undefined ? Number.NaN : Math.round(Number(match[1]) * factor);
    return Number.isSafeInteger(bytes) && bytes >= leastBytes
      ? { value: bytes }
      : { expected: `a size of ${leastBytes} bytes or more, such as 500kb or 10mb` };
  };
}

/** A number of 0 or more. */
export function ratio(): Parser<number> {
  return (text) => {
    const value = /^\d+(?:\.\d+)?$/u.test(text.trim()) ? Number(text) : Number.NaN;
    return Number.isNaN(value) ? { expected: 'a number of 0 or more, such as 0.2' } : { value };
  };
}

/**
 * Lines of `Name: value`, as `--header` and a header file give them; `#` begins a comment. Messages show no value.
 */
export function headerFields(): Parser<[name: string, value: string][]> {
  return (text) => {
    const fields: [string, string][] = [];
    for (const [at, line] of text.split(/\r?\n/u).entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(0, colon));
      const value = line.slice(colon + 1);
      if (!isFieldName(name) || !isFieldValue(value)) {
        return { expected: 'a field such as "Accept-Language: en"', found: wrongField(name, at + 1) };
      }
      fields.push([name, value.trim()]);
    }
    return { value: fields };
  };
}

function wrongField(name: string, number: number): string {
  return isFieldName(name)
    ? `number ${number}, ${name}, with characters that no value may hold`
    : `number ${number} without a name and a colon`;
}

/** Lines of `name=value`. Messages show none of them. */
export function parameters(): Parser<Record<string, string>> {
  return (text) => {
    const pairs = text.split('\n').map((line) => /^([^=]+)=(.*)$/su.exec(line));
    const wrong = pairs.indexOf(null);
    if (wrong !== -1) {
      return {
        expected: 'a parameter such as kind=all',
        found: `number ${wrong + 1} without a name and an equals sign`,
      };
    }
    return {
      value: Object.fromEntries(pairs.map((pair) => [pair?.[1], pair?.[2]])) as Record<string, string>,
    };
  };
}

/** `name=5`. */
export function nameAndCount(): Parser<{ readonly name: string; readonly count: number }> {
  return (text) => {
    const match = /^([^=]+)=([1-9]\d{0,5})$/u.exec(text);
    return match === null
      ? { expected: 'a parameter and its number, such as per_page=100' }
      : { value: { name: match[1] as string, count: Number(match[2]) } };
  };
}

export function httpUrl(): Parser<string> {
  return (text) => {
    const url = parseHttpUrl(text);
    return url === null ? { expected: 'a URL such as http://127.0.0.1:8000/list' } : { value: url.href };
  };
}

/** `kind`, `kind:rest` or `kind:name=rest`, for the options that describe the paging of a list API. */
export function kindAndRest<Kind extends string>(
  kinds: Readonly<Record<Kind, RegExp>>,
  expected: string,
): Parser<{ readonly kind: Kind; readonly parts: readonly string[] }> {
  return (text) => {
    const kind = text.split(':', 1)[0] as Kind;
    const match = Object.hasOwn(kinds, kind) ? kinds[kind].exec(text.slice(kind.length)) : null;
    return match === null ? { expected } : { value: { kind, parts: match.slice(1) } };
  };
}

/** `9.9.9.9,[2620:fe::fe]:53`; as `setServers` of `node:dns` takes them. */
export function serverAddresses(): Parser<string[]> {
  return (text) => {
    const servers = text.split(',').map((server) => server.trim());
    const wrong = servers.find((server) => !isServerAddress(server));
    return wrong === undefined
      ? { value: servers }
      : { expected: 'addresses such as 9.9.9.9 or [2620:fe::fe]:53, by commas', piece: wrong };
  };
}

/**
 * Lines of `host:port:address[,address]`, as curl's `--resolve` takes them; the last line for a host and port wins.
 */
export function pinnedNames(): Parser<Record<string, string[]>> {
  return (text) => {
    const pins: Record<string, string[]> = {};
    for (const line of text.split('\n')) {
      const [, host = '', port, list = ''] = /^([^:\s]+):(\d{1,5}):(\S+)$/u.exec(line.trim()) ?? [];
      const addresses = list.split(',').map((address) => address.replace(/^\[(.*)\]$/u, '$1'));
      const isPort = Number(port) > 0 && Number(port) < 65_536;
      const name = parseHttpUrl(`http://${host}/`)?.hostname;
      if (!isPort || name === undefined || addresses.some((address) => isIP(address) === 0))
        return { expected: 'host:port:address such as www.example.com:443:192.0.2.7', piece: line };
      pins[`${name}:${Number(port)}`] = addresses;
    }
    return { value: pins };
  };
}
