// Origins whose certificate was refused each time: found out by a few handshakes, and not by one for every target. Each
// worker finds it out for itself. Knows no socket.

import { type AttemptEnd, type AttemptFailure, attemptFailure } from './attempt/attempt-end.ts';

/** Refusals in a row before an origin is asked no more: one of several machines behind a name may have an old one. */
const TELLING_COUNT = 3;
/** Origins that are remembered; the one that was first is forgotten. */
const MAX_ORIGINS = 10_000;
/** OpenSSL's and Node's codes, which stand in the detail. */
const OF_CERTIFICATE = /CERT|UNABLE_TO_(?:GET|VERIFY)|HOSTNAME_MISMATCH/u;

export class RefusedCertificates {
  readonly #refusals = new Map<string, { count: number; readonly detail: string }>();

  /** How an attempt there ended. */
  note(origin: string, end: AttemptEnd): void {
    if (this.#refusals.size === 0 && end.kind !== 'failed') return;
    if (end.kind !== 'failed' || end.code !== 'tls' || !OF_CERTIFICATE.test(end.detail)) {
      // What says nothing of the certificate does not clear it; an answer does.
      if (end.kind === 'ok' || end.kind === 'redirect') this.#refusals.delete(origin);
      return;
    }
    const known = this.#refusals.get(origin);
    if (known !== undefined) known.count++;
    else this.#refusals.set(origin, { count: 1, detail: end.detail });
    if (this.#refusals.size <= MAX_ORIGINS) return;
    for (const first of this.#refusals.keys()) {
      this.#refusals.delete(first);
      return;
    }
  }

  /** The failure of a target there that was not asked for; null where it may be. */
  failureAt(origin: string): AttemptFailure | null {
    const known = this.#refusals.size === 0 ? undefined : this.#refusals.get(origin);
    if (known === undefined || known.count < TELLING_COUNT) return null;
    return attemptFailure('tls', `${known.detail}: as for ${TELLING_COUNT} before it, so it was not asked`);
  }
}
