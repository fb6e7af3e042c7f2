// How names are resolved, as the caller wants it and as every thread of a run is told. Plain data.

import { isIP } from 'node:net';
import { makeRows } from './shared/shared-rows.ts';

export interface NameOptions {
  /** Name servers as `address` or `address:port`, which replace those of resolv.conf; empty to use those. */
  readonly servers: readonly string[];
  /** Fixed addresses of names that are not looked up: by `host:port`, or by `host` alone for every port. */
  readonly pins: Readonly<Record<string, readonly string[]>>;
  /** The address family to use; 0 for both. */
  readonly family: 0 | 4 | 6;
  /** A lookup that takes longer fails; 0 for no limit. */
  readonly timeoutMs: number;
  /** @default /etc/resolv.conf */
  readonly resolvConfFile?: string;
  /** @default /etc/hosts */
  readonly hostsFile?: string;
  /** @default /etc/nsswitch.conf */
  readonly nsswitchFile?: string;
}

export const DEFAULT_NAME_OPTIONS: NameOptions = {
  servers: [],
  pins: {},
  family: 0,
  timeoutMs: 15_000,
};

/**
 * True for `9.9.9.9`, `2620:fe::fe`, `9.9.9.9:53` or `[2620:fe::fe]:53`, as `setServers` of `node:dns` takes them.
 */
export function isServerAddress(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const [, ipv6, ipv4, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/u.exec(text) ?? [];
  const isAddress = isIP(ipv6 ?? '') === 6 || isIP(ipv4 ?? '') === 4;
  return isAddress && (port === undefined || (Number(port) > 0 && Number(port) < 65_536));
}

/** How a name was found, or why it was not; `hit`: without a lookup. */
export type NameKind = 'hit' | 'found' | 'unknown' | 'failed' | 'timed-out';

/** A name without an address. Match on `code`. */
export class NameError extends Error {
  override readonly name = 'NameError';
  /** `ERR_NAME_UNKNOWN`: it does not exist, which is final. `ERR_NAME_FAILED`: no server could say. */
  readonly code: 'ERR_NAME_UNKNOWN' | 'ERR_NAME_FAILED';

  constructor(code: NameError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** How many addresses of a name are kept: as many as a connection will try. */
export const MAX_ADDRESSES = 8;
/** Cells of an address: its family, and 16 bytes. */
export const ADDRESS_FIELDS = 5;
/** Cells of a name in the cache that all threads share, before its addresses. */
export const NAME_FIELDS = {
  state: 0,
  /** Changes with each write, so that a reader can tell a whole write from a partial one. */
  version: 1,
  expiresAt: 2,
  askedAt: 3,
  count: 4,
  /** The address that last accepted a connection, plus one. */
  preferred: 5,
  addresses: 6,
} as const;

/** How many names are remembered; beyond that the least recently used one is dropped. */
const NAME_COUNT = 65_536;

/** Memory for the names of a run, 216 bytes each that is used. */
export function makeNames(nameCount: number = NAME_COUNT): SharedArrayBuffer {
  return makeRows(nameCount, NAME_FIELDS.addresses + MAX_ADDRESSES * ADDRESS_FIELDS);
}
