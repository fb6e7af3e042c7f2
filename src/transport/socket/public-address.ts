// Which addresses belong to the public Internet, by the registries of special-purpose addresses that RFC 6890
// set up. An address that embeds an IPv4 address is judged by the IPv4 address.

import { BlockList, isIP } from 'node:net';

/** IPv4: this network, private, carrier-grade NAT, loopback, link-local (cloud metadata), documentation, and so on. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Special blocks within the global unicast addresses (2000::/3); everything outside those is special, too. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '3fff::/20'];
const GLOBAL_IPV6 = '2000::/3';
/** Prefixes that embed an IPv4 address, with the byte at which it begins. */
const CARRIERS: readonly (readonly [prefix: string, ipv4AtByte: number])[] = [
  ['::ffff:0:0/96', 12],
  ['64:ff9b::/96', 12],
  ['2002::/16', 2],
];

export class PublicAddresses {
  readonly #exceptions: BlockList;

  /** @param exceptions CIDR ranges that count as public whatever they are */
  constructor(exceptions: readonly string[] = []) {
    this.#exceptions = makeList(exceptions);
  }

  /** @param address as a resolver or a URL has it; brackets may stand around it */
  isPublic(address: string): boolean {
    // Drops the zone: only addresses that are never public have one.
    const plain = address.replace(/^\[|\]$/gu, '').replace(/%.*$/u, '');
    const family = isIP(plain);
    if (family === 0) return false;
    if (this.#exceptions.check(plain, family === 4 ? 'ipv4' : 'ipv6')) return true;
    const { special, global, carriers } = (lists ??= makeLists());
    if (family === 4) return !special.check(plain, 'ipv4');
    for (const [list, ipv4AtByte] of carriers)
      if (list.check(plain, 'ipv6')) return this.isPublic(embeddedIpv4(plain, ipv4AtByte));
    return global.check(plain, 'ipv6') && !special.check(plain, 'ipv6');
  }
}

/** Made when the first address is judged: a run without redirects judges none. */
let lists: AddressLists | undefined;

interface AddressLists {
  readonly special: BlockList;
  readonly global: BlockList;
  readonly carriers: readonly (readonly [list: BlockList, ipv4AtByte: number])[];
}

function makeLists(): AddressLists {
  return {
    special: makeList([...SPECIAL_IPV4, ...SPECIAL_IPV6]),
    global: makeList([GLOBAL_IPV6]),
    carriers: CARRIERS.map(([prefix, atByte]) => [makeList([prefix]), atByte] as const),
  };
}

/** @throws TypeError for a range that is not valid */
function makeList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    // Does not use `isIP`: for IPv6 it compiles a regular expression for 7 to 18 ms, the first time in each
    // thread.
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** The four bytes from `atByte` of an IPv6 address, as an IPv4 address. */
function embeddedIpv4(address: string, atByte: number): string {
  // The URL parser writes every spelling in one way: hexadecimal groups with one run of zeros left out.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
  const bytes = groups.flatMap((group) => [group >> 8, group & 255]);
  return bytes.slice(atByte, atByte + 4).join('.');
}
