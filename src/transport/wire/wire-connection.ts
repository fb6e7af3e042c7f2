// What a wire slot needs of a connection, whatever carries it: wire-socket is plain TCP, wire-tls-socket is TLS.

export interface WireConnection {
  /** The address it connects to; '' before `connectTo`. */
  readonly host: string;
  /** It was connected once, TLS included. */
  readonly isOpened: boolean;
  /** It can tell the end of what was sent from a cut; what lasts until the end is of no use on one that cannot. */
  readonly isWatched: boolean;
  /** Once, with a literal address. */
  connectTo(host: string, port: number): void;
  write(text: string, encoding: 'latin1'): boolean;
  pause(): unknown;
  resume(): unknown;
  destroy(): unknown;
  /** By RST where it can. */
  resetAndDestroy(): unknown;
}

/** Each call names the connection, because an owner may have given it up for another one. */
export interface ConnectionOwner {
  connected(connection: WireConnection): void;
  /** `byteCount` bytes stand at the start of the shared buffer. */
  read(connection: WireConnection, byteCount: number): void;
  /** The other side sends no more. @param isCut and has not said so itself, as TLS asks for */
  readEnd(connection: WireConnection, isCut: boolean): void;
  failed(connection: WireConnection, error: Error): void;
  /** It is gone, whoever ended it. */
  closed(connection: WireConnection): void;
}

/** An owner that is told when one of these calls threw. */
export interface GuardedOwner extends ConnectionOwner {
  crashed(connection: WireConnection, thrown: unknown): void;
}

/** The owner as its connections have it: what it throws would end the thread from a socket's callback, and comes back to it instead. */
export function guardOwner(owner: GuardedOwner): ConnectionOwner {
  const guard = (connection: WireConnection, tell: () => void) => {
    try {
      tell();
    } catch (error) {
      owner.crashed(connection, error);
    }
  };
  return {
    connected: (connection) => guard(connection, () => owner.connected(connection)),
    read: (connection, byteCount) => guard(connection, () => owner.read(connection, byteCount)),
    readEnd: (connection, isCut) => guard(connection, () => owner.readEnd(connection, isCut)),
    failed: (connection, error) => guard(connection, () => owner.failed(connection, error)),
    closed: (connection) => guard(connection, () => owner.closed(connection)),
  };
}
