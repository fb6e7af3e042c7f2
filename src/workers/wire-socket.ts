// A plain TCP socket that reads into a buffer shared with all others and tells its owner what happens, with no
// stream buffer of its own. It knows nothing of HTTP.

import { Socket } from 'node:net';

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

export class WireSocket extends Socket {
  /** The address it connects to. */
  readonly host: string;
  /** It was connected once. */
  isOpened = false;
  readonly #owner: SocketOwner;

  /** Begins to connect. */
  constructor(owner: SocketOwner, readBuffer: Buffer, host: string, port: number) {
    super({
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (byteCount) => {
          owner.read(this, byteCount);
          return true;
        },
      },
    });
    this.#owner = owner;
    this.host = host;
    this.connect({ host, port });
  }

  /** Tells the owner without listeners: four of them a socket cost a tenth of a connection's CPU, and 500 bytes. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    switch (event) {
      case 'connect':
        this.isOpened = true;
        this.#owner.connected(this);
        break;
      case 'end':
        this.#owner.readEnd(this);
        break;
      case 'error':
        this.#owner.failed(this, values[0] as Error);
        // Without a listener it would be thrown.
        return true;
      case 'close':
        this.#owner.closed(this);
        break;
      default:
    }
    return super.emit(event, ...values);
  }
}
