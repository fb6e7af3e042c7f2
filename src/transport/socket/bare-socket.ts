// A TCP socket without a stream buffer or listeners: reads land in a buffer shared with other sockets, and a
// subclass implements methods that are called for each event. It knows nothing of HTTP.

import { Socket } from 'node:net';

/**
 * Methods of a subclass stand in for listeners: four listeners a socket cost a tenth of a connection's CPU,
 * and 500 bytes.
 */
export abstract class BareSocket extends Socket {
  /** @param read gets the count of bytes at the start of `buffer`; false to read no more until `resume` */
  constructor(buffer: Buffer, read: (byteCount: number) => boolean) {
    super({ noDelay: true, onread: { buffer, callback: read } });
  }

  protected abstract whenConnected(): void;
  /** The other side sends no more. */
  protected abstract whenReadEnded(): void;
  protected abstract whenFailed(error: Error): void;
  /** The socket is gone, whichever side ended it. */
  protected abstract whenClosed(hadError: boolean): void;

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    switch (event) {
      case 'connect':
        this.whenConnected();
        break;
      case 'end':
        this.whenReadEnded();
        break;
      case 'error':
        this.whenFailed(values[0] as Error);
        // EventEmitter throws an error that has no listener.
        return true;
      case 'close':
        this.whenClosed(values[0] === true);
        break;
      default:
    }
    return super.emit(event, ...values);
  }
}
