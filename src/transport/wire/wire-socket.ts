// A wire slot's connection over plain TCP: a bare socket that tells its owner what happens, and names itself
// in each call.

import { BareSocket } from '../socket/bare-socket.ts';
import type { ConnectionOwner, WireConnection } from './wire-connection.ts';

export class WireSocket extends BareSocket implements WireConnection {
  /** The end of plain TCP is the only one there is. */
  readonly isWatched = true;
  host = '';
  isOpened = false;
  readonly #owner: ConnectionOwner;

  constructor(owner: ConnectionOwner, readBuffer: Buffer) {
    super(readBuffer, (byteCount) => {
      owner.read(this, byteCount);
      return true;
    });
    this.#owner = owner;
  }

  connectTo(host: string, port: number): void {
    this.host = host;
    this.connect({ host, port });
  }

  protected override whenConnected(): void {
    this.isOpened = true;
    this.#owner.connected(this);
  }

  protected override whenReadEnded(): void {
    this.#owner.readEnd(this, false);
  }

  protected override whenFailed(error: Error): void {
    this.#owner.failed(this, error);
  }

  protected override whenClosed(): void {
    this.#owner.closed(this);
  }
}
