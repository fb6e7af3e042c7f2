// Which certificates TLS connections trust, as options of `tls.connect`: the same for every transport.

import { rootCertificates } from 'node:tls';
import type { TlsTrust } from '../../model/messages.ts';

export function trustOptions({ ca, isInsecure }: TlsTrust): { rejectUnauthorized: boolean; ca?: string[] } {
  return { rejectUnauthorized: !isInsecure, ...(ca === null ? {} : { ca: [...rootCertificates, ca] }) };
}
