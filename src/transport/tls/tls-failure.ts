// What ended a TLS connection, as a lane says it: errors of the system pass as they are, what TLS itself has to say
// becomes a failure with a name.

import { LaneError } from '../lane-error.ts';

/** The server speaks no HTTP/1.1 over TLS, and has said so during the handshake. */
export class NoHttp1Error extends LaneError {
  constructor(cause: Error) {
    super(
      'unsupported-framing',
      'expected a server that speaks HTTP/1.1, found one that declines it (ALPN)',
      {
        cause,
      },
    );
  }
}

/** @param isOpened the handshake was over by then */
export function tlsFailure(error: Error, isOpened: boolean): Error {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (isOfSystem(code)) return error;
  if (code.endsWith('_NO_APPLICATION_PROTOCOL')) return new NoHttp1Error(error);
  const text = `${code === '' || error.message.includes(code) ? '' : `${code}: `}${error.message}`;
  return new LaneError(isOpened ? 'tls-broken' : 'tls', text, { cause: error });
}

/** An errno. EPROTO is libuv's word for what OpenSSL refused. */
function isOfSystem(code: string): boolean {
  return /^E[A-Z0-9]+$/u.test(code) && code !== 'EPROTO';
}
