// Checks the options of name lookup: addresses of name servers, addresses of hosts, and the family.

import { isIP } from 'node:net';
import { isServerAddress, type NameOptions } from '../model/name-options.ts';
import { type OptionChecks, shownValue } from './option-checks.ts';

export function readNames(checks: OptionChecks): Omit<NameOptions, 'timeoutMs'> {
  return { servers: readServers(checks), pins: readAddresses(checks), family: readFamily(checks) };
}

function readServers(checks: OptionChecks): string[] {
  const given = checks.other('dnsServers') ?? [];
  if (Array.isArray(given) && given.every((server) => typeof server === 'string' && isServerAddress(server)))
    return given as string[];
  checks.add(
    `dnsServers: expected addresses such as '9.9.9.9' or '[2620:fe::fe]:53', found ${shownValue(given)}`,
  );
  return [];
}

function readAddresses(checks: OptionChecks): Record<string, string[]> {
  const given = checks.other('addresses') ?? {};
  const entries: [string, unknown][] = typeof given === 'object' ? Object.entries(given) : [['', given]];
  const wrong = entries.find(
    ([name, addresses]) =>
      !/^[^:\s/]+(?::\d{1,5})?$/u.test(name) ||
      !Array.isArray(addresses) ||
      addresses.length === 0 ||
      addresses.some((address) => isIP(String(address)) === 0),
  );
  if (wrong === undefined) return Object.fromEntries(entries) as Record<string, string[]>;
  checks.add(
    `addresses: expected a list of addresses for a host or host:port, found ${shownValue(wrong[1])} for ${shownValue(wrong[0])}`,
  );
  return {};
}

function readFamily(checks: OptionChecks): 0 | 4 | 6 {
  const family = checks.other('ipFamily') ?? 0;
  if (family === 0 || family === 4 || family === 6) return family;
  checks.add(`ipFamily: expected 4 or 6, found ${shownValue(family)}`);
  return 0;
}
