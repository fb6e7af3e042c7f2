// Loads Node's TLS with the first connection that needs it: loading it also reads all certificate authorities, which
// costs a start over plain http 20 ms of CPU and more.

import type * as tls from 'node:tls';

export function loadTls(): typeof tls {
  return process.getBuiltinModule('node:tls');
}
