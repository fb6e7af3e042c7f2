// Whom TLS connections believe, and whom they say they are: the same for every transport.

import { rootCertificates } from 'node:tls';

export interface TlsTrust {
  /** Certificates in PEM that are trusted besides the usual; null for none. */
  readonly ca: string | null;
  /** Accept any certificate. */
  readonly isInsecure: boolean;
}

export const USUAL_TRUST: TlsTrust = { ca: null, isInsecure: false };

/** What `tls.connect` and whatever hands options on to it are told. */
export function trustOptions({ ca, isInsecure }: TlsTrust): { rejectUnauthorized: boolean; ca?: string[] } {
  return { rejectUnauthorized: !isInsecure, ...(ca === null ? {} : { ca: [...rootCertificates, ca] }) };
}
