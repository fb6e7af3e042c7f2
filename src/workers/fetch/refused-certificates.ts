// Origins whose certificate was refused several times in a row: a few handshakes find it out, and not one for
// every target. Each worker finds it out for itself. Knows no socket.

import { type AttemptEnd, type AttemptFailure, attemptFailure } from './attempt/attempt-end.ts';

/**
 * Refusals in a row before an origin is not asked any more; more than one, because one of several machines
 * behind a name may have an old certificate.
 */
const TELLING_COUNT = 3;
/** Origins to remember; beyond them the oldest is forgotten. */
const MAX_ORIGINS = 10_000;
/** Codes of OpenSSL and Node, which are part of the detail. */
const OF_CERTIFICATE = /CERT|UNABLE_TO_(?:GET|VERIFY)|HOSTNAME_MISMATCH/u;

export class RefusedCertificates {
  readonly #refusals = new Map<string, { count: number; readonly detail: string }>();

  /** Notes how an attempt ended. */
  note(origin: string, end: AttemptEnd): void {
    if (this.#refusals.size === 0 && end.kind !== 'failed') return;
    if (end.kind !== 'failed' || end.code !== 'tls' || !OF_CERTIFICATE.test(end.detail)) {
      // Only an answer clears an origin; other ends say nothing about the certificate.
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

  /** The failure for a target that is not asked for because of its certificate; null where it may be asked for. */
  failureAt(origin: string): AttemptFailure | null {
    const known = this.#refusals.size === 0 ? undefined : this.#refusals.get(origin);
    if (known === undefined || known.count < TELLING_COUNT) return null;
    return attemptFailure(
      'tls',
      `${known.detail} (${TELLING_COUNT} times in a row there, so this target was not asked for)`,
    );
  }
}
