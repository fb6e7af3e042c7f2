// The options of a fault server as a caller gives them, and their checked form.

import { isIP } from 'node:net';
import { SpillwayError } from '../../model/errors.ts';
import { resolveServerOptions, type ServerOptions } from '../server-options.ts';
import { type FaultMix, parseFaultMix } from './fault-mix.ts';

/**
 * The options shared with the normal mock server: `host`, `port`, `destinations`, `delayMs`, `items`, `seed`.
 */
export interface FaultServerOptions
  extends Pick<ServerOptions, 'host' | 'port' | 'destinations' | 'delayMs' | 'items'> {
  /** Profiles and ratios of faults, such as `hostile` or `flaky,reset=0.1`. */
  readonly faults: string;
  /** The same seed gives the same targets the same faults. @default '1' */
  readonly seed?: string;
}

export interface ResolvedFaultOptions {
  readonly host: string;
  readonly port: number;
  readonly destinations: number;
  readonly delayMs: number;
  readonly items: number;
  readonly faults: string;
  readonly mix: FaultMix;
  readonly seed: string;
}

/** @throws ERR_OPTION naming every option that is out of range */
export function resolveFaultOptions({
  faults,
  seed = '1',
  ...options
}: FaultServerOptions): ResolvedFaultOptions {
  const problems: string[] = [];
  const parsed = parseFaultMix(faults);
  if ('expected' in parsed)
    problems.push(`faults: expected ${parsed.expected}, found ${JSON.stringify(parsed.piece)}`);
  const { host = '127.0.0.1' } = options;
  // A server that resets, floods and redirects to itself must not be reachable from other machines.
  if (!isLoopback(host)) {
    problems.push(`host: expected an address of 127.0.0.0/8 or ::1 for a server with faults, found ${host}`);
  }
  try {
    const { port, destinations, delayMs, items } = resolveServerOptions(options);
    if ('mix' in parsed && problems.length === 0)
      return { host, port, destinations, delayMs, items, faults, mix: parsed.mix, seed };
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    problems.push(error.message);
  }
  throw new SpillwayError('ERR_OPTION', problems.join('\n'));
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
