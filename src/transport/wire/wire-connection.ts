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
