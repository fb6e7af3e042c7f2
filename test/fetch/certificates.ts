// A certificate authority of a test's own, and a certificate for 127.0.0.1 that it signed.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { scratchDirectory } from '../helpers/scratch.ts';

export interface Certificates {
  /** Path of the authority's certificate. */
  readonly caFile: string;
  readonly key: Buffer;
  readonly cert: Buffer;
}

export function makeCertificates(t: TestContext): Certificates {
  const directory = scratchDirectory(t);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...curve,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  );
  openssl('req', ...curve, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1');
  writeFileSync(join(directory, 'names'), 'subjectAltName=IP:127.0.0.1');
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.pem',
    '-days',
    '1',
    '-extfile',
    'names',
  );
  return {
    caFile: join(directory, 'ca.pem'),
    key: readFileSync(join(directory, 'server.key')),
    cert: readFileSync(join(directory, 'server.pem')),
  };
}
