// The socket of a wire slot: a bare one that tells its owner, and names itself, what happens. It knows nothing of HTTP.

import { BareSocket } from '../socket/bare-socket.ts';

/** Each call names the socket, because an owner may have given it up for another one. */
export interface SocketOwner {
  connected(socket: WireSocket): void;
  /** `byteCount` bytes stand at the start of the shared buffer. */
  read(socket: WireSocket, byteCount: number): void;
  /** The other side sends no more. */
  readEnd(socket: WireSocket): void;
  failed(socket: WireSocket, error: Error): void;
  /** The socket is gone, whoever ended it. */
  closed(socket: WireSocket): void;
}

export class WireSocket extends BareSocket {
  /** The address it connects to; '' before `connectTo`. */
  host = '';
  /** It was connected once. */
  isOpened = false;
  readonly #owner: SocketOwner;

  constructor(owner: SocketOwner, readBuffer: Buffer) {
    super(readBuffer, (byteCount) => {
      owner.read(this, byteCount);
      return true;
    });
    this.#owner = owner;
  }

  /** Once, with a literal address. */
  connectTo(host: string, port: number): void {
    this.host = host;
    this.connect({ host, port });
  }

  protected override whenConnected(): void {
    this.isOpened = true;
    this.#owner.connected(this);
  }

  protected override whenReadEnded(): void {
    this.#owner.readEnd(this);
  }

  protected override whenFailed(error: Error): void {
    this.#owner.failed(this, error);
  }

  protected override whenClosed(): void {
    this.#owner.closed(this);
  }
}
