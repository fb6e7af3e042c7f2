// TLS sessions by origin, which halve the work of a second connection's handshake. It knows no sockets of its
// own: a connection asks for a session before its handshake and gives one back with its first answer.

import type { TLSSocket } from 'node:tls';

/** Most memory of all sessions together; one is 1 to 3 KB. */
const MAX_BYTES = 16 * 1024 * 1024;
/** A server that resumed nothing so many times in a row is not offered a session again. */
const MAX_FRUITLESS = 3;
/** How many issuers above a certificate are looked at. */
const MAX_CHAIN = 8;

interface Known {
  session: Buffer | null;
  /** When the first certificate of the server's chain expires; a resumed session does not check it again. */
  untilMs: number;
  fruitlessCount: number;
}

export class TlsSessions {
  /** In the order of their last use, the most recent last. */
  readonly #byOrigin = new Map<string, Known>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** The session that the next connection to the origin may offer. */
  find(origin: string): Buffer | undefined {
    const known = this.#byOrigin.get(origin);
    if (known === undefined || known.session === null) return undefined;
    if (known.untilMs <= Date.now()) {
      this.#forget(origin, known);
      return undefined;
    }
    return known.session;
  }

  /** Notes how a handshake went. @param wasOffered it began with a session that `find` gave */
  judge(origin: string, socket: TLSSocket, wasOffered: boolean): void {
    const known = wasOffered ? this.#byOrigin.get(origin) : undefined;
    if (known === undefined) return;
    if (socket.isSessionReused()) {
      known.fruitlessCount = 0;
      return;
    }
    known.fruitlessCount++;
    this.#replace(known, null);
  }

  /** Keeps the ticket of a connection, once application data has come: tickets come with or before it. */
  learn(origin: string, socket: TLSSocket): void {
    let known = this.#byOrigin.get(origin);
    if (known !== undefined && (known.session !== null || known.fruitlessCount >= MAX_FRUITLESS)) return;
    const session = socket.getSession() ?? null;
    if (session === null) return;
    // A resumed connection has shown no certificate, so the expiry that is known stays.
    const untilMs = socket.isSessionReused() ? (known?.untilMs ?? 0) : firstExpiryMs(socket);
    known = { session: null, untilMs, fruitlessCount: known?.fruitlessCount ?? 0 };
    this.#byOrigin.delete(origin);
    this.#byOrigin.set(origin, known);
    this.#replace(known, session);
    this.#evict();
  }

  #evict(): void {
    for (const [origin, known] of this.#byOrigin) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#forget(origin, known);
    }
  }

  #forget(origin: string, known: Known): void {
    this.#replace(known, null);
    this.#byOrigin.delete(origin);
  }

  #replace(known: Known, session: Buffer | null): void {
    this.#bytes += (session?.length ?? 0) - (known.session?.length ?? 0);
    known.session = session;
  }
}

/** When the first certificate expires in the chain that the server has shown. */
function firstExpiryMs(socket: TLSSocket): number {
  let untilMs = Infinity;
  let certificate = socket.getPeerX509Certificate();
  for (let depth = 0; certificate !== undefined && depth < MAX_CHAIN; depth++) {
    untilMs = Math.min(untilMs, certificate.validToDate.getTime());
    certificate = certificate.issuerCertificate;
  }
  return untilMs;
}
