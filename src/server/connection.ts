// What the server remembers of one accepted socket, so that answers owed to a client that left are not counted.

import type { Socket } from 'node:net';

const STATE = Symbol('spillway connection');

type Marked = Socket & { [STATE]?: Connection };

export class Connection {
  readonly socket: Socket;
  /** Trials and downloads taken in, and their answers not yet with the kernel. */
  owedTrials = 0;
  owedDownloads = 0;
  /** Other answers under way: statistics, lists, pages, HEAD. */
  owedOthers = 0;
  /** Delayed answers whose delay is not over. */
  waitingCount = 0;
  isClosed = false;
  /** Its HTTP/2 session ends it, as only that knows what it has still to write. */
  isSession = false;

  constructor(socket: Socket) {
    this.socket = socket;
    (socket as Marked)[STATE] = this;
  }

  get owesNothing(): boolean {
    return this.owedTrials === 0 && this.owedDownloads === 0 && this.owedOthers === 0;
  }
}

/** The socket of an HTTP/2 request is a proxy that passes properties through, hence a property and no WeakMap. */
export function connectionOf(socket: Socket): Connection {
  return (socket as Marked)[STATE] ?? new Connection(socket);
}
