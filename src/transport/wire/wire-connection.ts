// What a wire slot needs of a connection, whatever carries it: wire-socket is plain TCP, wire-tls-socket is TLS.

export interface WireConnection {
  /** The address it connects to; '' before `connectTo`. */
  readonly host: string;
  /** It was connected once, TLS included. */
  readonly isOpened: boolean;
  /**
   * True where it can tell a proper end from a cut. Bodies that last until the end of the connection need one
   * that can.
   */
  readonly isWatched: boolean;
  /** Connects. Called once, with a literal address. */
  connectTo(host: string, port: number): void;
  write(text: string, encoding: 'latin1'): boolean;
  pause(): unknown;
  resume(): unknown;
  destroy(): unknown;
  /** Closes by RST where it can. */
  resetAndDestroy(): unknown;
}

/** Each call names the connection, because an owner may have replaced it with another one. */
export interface ConnectionOwner {
  connected(connection: WireConnection): void;
  /** `byteCount` bytes stand at the start of the shared buffer. */
  read(connection: WireConnection, byteCount: number): void;
  /** The other side sends no more. @param isCut TLS was in use and did not announce the end (close_notify) */
  readEnd(connection: WireConnection, isCut: boolean): void;
  failed(connection: WireConnection, error: Error): void;
  /** The connection is gone, whichever side ended it. */
  closed(connection: WireConnection): void;
}

/** An owner that is told when one of these calls threw. */
export interface GuardedOwner extends ConnectionOwner {
  crashed(connection: WireConnection, thrown: unknown): void;
}

/**
 * Wraps an owner for its connections: an error that it throws from a socket's callback goes back to it, and
 * does not end the thread.
 */
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
