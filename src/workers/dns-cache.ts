// Host names resolved once for many connections. The system's resolver tells no lifetime, so an answer is kept for a
// short one; lookups of one name that are under way are shared.

import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

const KEEP_MS = 60_000;
const MAX_NAMES = 10_000;

interface Entry {
  readonly addresses: readonly LookupAddress[];
  readonly until: number;
}

type Waiter = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/** A `lookup` for sockets, with a cache of its own. Failures are not kept. */
export function makeDnsCache(): LookupFunction {
  const known = new Map<string, Entry>();
  const asking = new Map<string, Waiter[]>();

  const ask = (hostname: string, waiter: Waiter): void => {
    const underWay = asking.get(hostname);
    if (underWay !== undefined) {
      underWay.push(waiter);
      return;
    }
    const waiters = [waiter];
    asking.set(hostname, waiters);
    lookup(hostname, { all: true }, (error, addresses) => {
      asking.delete(hostname);
      if (error === null) {
        if (known.size >= MAX_NAMES) known.clear();
        known.set(hostname, { addresses, until: performance.now() + KEEP_MS });
      }
      for (const tell of waiters) tell(error, addresses);
    });
  };

  return (hostname, options, callback) => {
    const give = (addresses: readonly LookupAddress[]) => {
      const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
      const fitting = family === 0 ? addresses : addresses.filter((address) => address.family === family);
      const [first] = fitting;
      if (first === undefined) {
        const error = Object.assign(new Error(`no address of ${hostname} fits`), { code: 'ENOTFOUND' });
        callback(error, '', 0);
      } else if (options.all === true) {
        callback(null, [...fitting]);
      } else {
        callback(null, first.address, first.family);
      }
    };
    const entry = known.get(hostname);
    if (entry !== undefined && entry.until > performance.now()) {
      // A socket expects its answer later, as the system's resolver gives it.
      process.nextTick(give, entry.addresses);
      return;
    }
    ask(hostname, (error, addresses) => {
      if (error === null) give(addresses);
      else callback(error, '', 0);
    });
  };
}
