// In which order the addresses of a name are tried: the families in turn, so that a family without a way out costs one
// attempt and not all of them (RFC 8305, section 4). Pure.

/** IPv6 first, as RFC 6724 has it, unless this machine has no such address. */
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

/** @param family 0 for both */
export function ofFamily(addresses: readonly string[], family: 0 | 4 | 6): string[] {
  return addresses.filter((address) => family === 0 || address.includes(':') === (family === 6));
}
