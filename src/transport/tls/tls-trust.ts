// Which certificates TLS connections trust, as options of `tls.connect`: the same for every transport.

import type { TlsTrust } from '../../model/messages.ts';
import { loadTls } from './load-tls.ts';

export function trustOptions({ ca, isInsecure }: TlsTrust): { rejectUnauthorized: boolean; ca?: string[] } {
  return {
    rejectUnauthorized: !isInsecure,
    ...(ca === null ? {} : { ca: [...loadTls().rootCertificates, ca] }),
  };
}
