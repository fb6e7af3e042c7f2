// How this machine resolves names, and what would make a run over many hosts faster, judged from resolv.conf.
// Reads one file, otherwise pure.

import { readResolvConf, type ResolvConf } from '../dns/resolv-conf.ts';

export interface NameFacts
  extends Pick<ResolvConf, 'servers' | 'search' | 'ndots' | 'timeoutMs' | 'attempts'> {
  /** True when a name server on this machine is asked first: its cached answers need no query to the network. */
  readonly hasLocalCache: boolean;
  /** What to do, when something would help. */
  readonly advice: readonly string[];
}

/** From this `ndots` on, a public name is first tried with each domain of the search list. */
const COSTLY_NDOTS = 2;

/** @param file @default /etc/resolv.conf */
export function readNameFacts(file?: string): NameFacts {
  return judgeNames(readResolvConf(file));
}

export function judgeNames({ servers, search, ndots, timeoutMs, attempts }: ResolvConf): NameFacts {
  const hasLocalCache = /^(?:127\.|::1$)/u.test(servers[0] ?? '');
  const advice: string[] = [];
  if (!hasLocalCache) {
    advice.push(
      'no name server on this machine: a cache here (unbound, dnsmasq, systemd-resolved) answers names of a second run, and of other programs, without a way out; --dns-servers points to it',
    );
  }
  if (servers.length === 1)
    advice.push('one name server alone: when it is down every name fails; name a second one');
  if (ndots >= COSTLY_NDOTS && search.length > 0) {
    advice.push(
      `ndots:${ndots} with ${search.length} search domains: a name with fewer dots takes up to ${search.length + 1} questions of each kind; end it with a dot, or lower ndots`,
    );
  }
  return { servers, search, ndots, timeoutMs, attempts, hasLocalCache, advice };
}
