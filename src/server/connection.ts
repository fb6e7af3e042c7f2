// The server's state of one accepted socket, so that answers owed to a client that left are not counted as
// sent.

import type { Socket } from 'node:net';

const STATE = Symbol('spillway connection');

type Marked = Socket & { [STATE]?: Connection };

export class Connection {
  readonly socket: Socket;
  /** Trials and downloads that were received and whose answers the kernel does not have yet. */
  owedTrials = 0;
  owedDownloads = 0;
  /** Other answers under way: statistics, lists, pages, HEAD. */
  owedOthers = 0;
  /** Delayed answers whose delay is not over. */
  waitingCount = 0;
  isClosed = false;
  /** True for HTTP/2: the session ends the socket, as only the session knows what it still has to write. */
  isSession = false;

  constructor(socket: Socket) {
    this.socket = socket;
    (socket as Marked)[STATE] = this;
  }

  get owesNothing(): boolean {
    return this.owedTrials === 0 && this.owedDownloads === 0 && this.owedOthers === 0;
  }
}

/**
 * Returns the connection of a socket. HTTP/2 gives a proxy that passes properties through, so a property
 * works and a WeakMap does not.
 */
export function connectionOf(socket: Socket): Connection {
  return (socket as Marked)[STATE] ?? new Connection(socket);
}
