// What all TLS connections of a thread have in common: whom they trust, and which sessions they may resume.

import { constants } from 'node:crypto';
import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { TlsTrust } from '../../model/messages.ts';
import { loadTls } from './load-tls.ts';
import { TlsSessions } from './tls-sessions.ts';
import { trustOptions } from './tls-trust.ts';

export class TlsClient {
  readonly sessions = new TlsSessions();
  readonly trust: TlsTrust;
  #context: SecureContext | undefined;

  constructor(trust: TlsTrust) {
    this.trust = trust;
  }

  /** Made with the first connection: reading the usual certificate authorities takes 10 ms. */
  get context(): SecureContext {
    this.#context ??= loadTls().createSecureContext({
      ...trustOptions(this.trust),
      // No renegotiation: it could show another certificate. TLS 1.3 has none; a server of TLS 1.2 is
      // refused.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    });
    return this.#context;
  }
}

/**
 * The name that a connection sends (SNI) and that the certificate has to match: without its final dot. Empty
 * for an address, which is not allowed in SNI (RFC 6066, section 3).
 */
export function serverNameOf(hostname: string): string {
  if (hostname.startsWith('[') || isIP(hostname) !== 0) return '';
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}
