// Turns the error that ended a TLS connection into the one that a lane reports: errors of the system pass
// unchanged, errors of TLS itself become a named failure.

import { LaneError } from '../lane-error.ts';

/** The server has declined HTTP/1.1 during the TLS handshake. */
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

/** @param isOpened whether the handshake was over by then */
export function tlsFailure(error: Error, isOpened: boolean): Error {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (isOfSystem(code)) return error;
  if (code.endsWith('_NO_APPLICATION_PROTOCOL')) return new NoHttp1Error(error);
  const text = `${code === '' || error.message.includes(code) ? '' : `${code}: `}${error.message}`;
  return new LaneError(isOpened ? 'tls-broken' : 'tls', text, { cause: error });
}

/** True for an errno. EPROTO is left out: libuv uses it for what OpenSSL refused. */
function isOfSystem(code: string): boolean {
  return /^E[A-Z0-9]+$/u.test(code) && code !== 'EPROTO';
}
