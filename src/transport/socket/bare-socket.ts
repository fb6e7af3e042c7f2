// A TCP socket without a stream buffer or listeners of its own: reads land in a buffer that others share, and what
// happens is told to its own methods. It knows nothing of HTTP.

import { Socket } from 'node:net';

/** Four listeners a socket cost a tenth of a connection's CPU, and 500 bytes: a subclass says what follows instead. */
export abstract class BareSocket extends Socket {
  /** @param read gets the count of bytes at the start of `buffer`; false to read no more until `resume` */
  constructor(buffer: Buffer, read: (byteCount: number) => boolean) {
    super({ noDelay: true, onread: { buffer, callback: read } });
  }

  protected abstract whenConnected(): void;
  /** The other side sends no more. */
  protected abstract whenReadEnded(): void;
  protected abstract whenFailed(error: Error): void;
  /** It is gone, whoever ended it. */
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
        // Without a listener it would be thrown.
        return true;
      case 'close':
        this.whenClosed(values[0] === true);
        break;
      default:
    }
    return super.emit(event, ...values);
  }
}
