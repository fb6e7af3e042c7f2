// The order in which the addresses of a name are tried: IPv6 and IPv4 alternate, so that a family without a
// route costs one attempt and not all of them (RFC 8305, section 4). Pure.

/** Alternates the families and begins with IPv6, as RFC 6724 prefers it. */
export function inTurn(ipv4: readonly string[], ipv6: readonly string[]): string[] {
  const mixed: string[] = [];
  for (let index = 0; index < Math.max(ipv4.length, ipv6.length); index++) {
    const six = ipv6[index];
    const four = ipv4[index];
    if (six !== undefined) mixed.push(six);
    if (four !== undefined) mixed.push(four);
  }
  return mixed;
}

/** Keeps the addresses of one family. @param family 0 for both */
export function ofFamily(addresses: readonly string[], family: 0 | 4 | 6): string[] {
  return addresses.filter((address) => family === 0 || address.includes(':') === (family === 6));
}
