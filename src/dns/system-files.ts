// What this machine knows of names without a name server: /etc/hosts, the names that RFC 6761 and RFC 7686
// reserve, and which names only the system's own resolver may know (nsswitch.conf).

import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { isIP } from 'node:net';

/** Hosts files that block advertising have some 10 MB. */
const MAX_HOSTS_BYTES = 32 * 2 ** 20;
const LOOK_EVERY_MS = 30_000;

/** Addresses by name, lower-case, in the order of the file. */
export function parseHosts(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/u, '').trim().split(/\s+/u);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const known = found.get(key);
      if (known === undefined) found.set(key, [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return found;
}

/** /etc/hosts, read when the first name is asked for, and again when it has changed. */
export class HostsFile {
  readonly #file: string;
  #names = new Map<string, string[]>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #version = '';

  constructor(file: string = '/etc/hosts') {
    this.#file = file;
  }

  /** The addresses of a name; undefined where the file has none. */
  find(name: string): readonly string[] | undefined {
    if (performance.now() - this.#lookedAtMs > LOOK_EVERY_MS) this.#look();
    return this.#names.get(name);
  }

  #look(): void {
    this.#lookedAtMs = performance.now();
    try {
      const { mtimeMs, size } = statSync(this.#file);
      const version = `${mtimeMs} ${size}`;
      if (version === this.#version || size > MAX_HOSTS_BYTES) return;
      this.#version = version;
      this.#names = parseHosts(readFileSync(this.#file, 'latin1'));
    } catch {
      // The file cannot be read: keep what was read before, which is nothing at first.
    }
  }
}

/**
 * Names that need no question: their addresses, an empty list for a name that cannot exist, null for any
 * other name.
 */
export function specialName(name: string): readonly string[] | null {
  if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1'];
  return /(?:^|\.)(?:invalid|onion)$/u.test(name) ? [] : null;
}

/** Services that this program replaces: files and name servers. */
const KNOWN_SERVICES = new Set(['files', 'dns']);
/** Services of systemd, mDNS and others that know only a few kinds of names. */
const LOCAL_SERVICES = /^(?:mdns|myhostname|mymachines|resolve$|wins$|libvirt)/u;

/** Whether the system's own resolver may know a name that no name server does. */
export class SystemNames {
  readonly #hasForeign: boolean;
  readonly #own = hostname().toLowerCase();

  /** @param file nsswitch.conf; where there is none, names of one label and of `.local` are the system's */
  constructor(file: string = '/etc/nsswitch.conf') {
    this.#hasForeign = servicesOf(file).some(
      (service) => !KNOWN_SERVICES.has(service) && !LOCAL_SERVICES.test(service),
    );
  }

  mayKnow(name: string): boolean {
    return this.#hasForeign || !name.includes('.') || name.endsWith('.local') || name === this.#own;
  }
}

function servicesOf(file: string): string[] {
  try {
    const line = /^\s*hosts:([^\n#]*)/mu.exec(readFileSync(file, 'latin1').slice(0, MAX_HOSTS_BYTES));
    return (line?.[1] ?? '')
      .replace(/\[[^\]]*\]/gu, ' ')
      .trim()
      .split(/\s+/u)
      .filter((service) => service !== '');
  } catch {
    return [];
  }
}
