// A wire slot's connection over TLS: HTTP/1.1 by ALPN, with the origin's session resumed, and every read in
// the shared buffer. It knows nothing of HTTP.

import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { thrownText } from '../../model/one-line.ts';
import type { LaneOptions } from '../lane.ts';
import { LaneError } from '../lane-error.ts';
import type { TlsClient } from '../tls/tls-client.ts';
import { loadTls } from '../tls/load-tls.ts';
import { tlsFailure } from '../tls/tls-failure.ts';
import { WatchedStream } from '../tls/watched-stream.ts';
import type { ConnectionOwner, WireConnection } from './wire-connection.ts';

/** What all connections to one origin share. */
export interface TlsOrigin {
  readonly client: TlsClient;
  readonly origin: string;
  /** Name for SNI and the certificate; '' for an address. */
  readonly serverName: string;
  readonly onHandshake: LaneOptions['onHandshake'];
}

/** ALPN's form on the wire: each name after its length. */
const HTTP_1_1 = Buffer.from('\x08http/1.1', 'latin1');

export class WireTlsSocket implements WireConnection {
  readonly isWatched: boolean;
  host = '';
  isOpened = false;
  readonly #owner: ConnectionOwner;
  readonly #readBuffer: Buffer;
  readonly #tls: TlsOrigin;
  #socket: TLSSocket | undefined;
  /** The TCP stream below TLS, for a watched connection. */
  #stream: WatchedStream | undefined;
  #isHeard = false;

  /**
   * @param isWatched puts a stream between TLS and TCP, because Node's TLS over its own TCP does not tell a
   * close_notify from a cut
   */
  constructor(owner: ConnectionOwner, readBuffer: Buffer, tls: TlsOrigin, isWatched: boolean) {
    this.#owner = owner;
    this.#readBuffer = readBuffer;
    this.#tls = tls;
    this.isWatched = isWatched;
  }

  connectTo(host: string, port: number): void {
    this.host = host;
    const { client, onHandshake, origin, serverName } = this.#tls;
    const session = client.sessions.find(origin);
    const options: ConnectionOptions = {
      host,
      port,
      secureContext: client.context,
      rejectUnauthorized: !client.trust.isInsecure,
      ALPNProtocols: HTTP_1_1,
      ...(serverName === '' ? {} : { servername: serverName }),
      ...(session === undefined ? {} : { session }),
    };
    const socket = this.isWatched ? this.#connectWatched(options) : this.#connectLean(options);
    this.#socket = socket;
    socket.on('secureConnect', () => {
      if (this.isOpened) {
        this.#owner.failed(
          this,
          new LaneError('tls-broken', 'expected one handshake, found the server wants another'),
        );
        return;
      }
      onHandshake?.(socket.isSessionReused());
      this.isOpened = true;
      if (this.#keep(() => client.sessions.judge(origin, socket, session !== undefined)))
        this.#owner.connected(this);
    });
    socket.on('end', () => {
      // Before the handshake is over, Node itself reports the end as an error.
      if (this.isOpened) this.#owner.readEnd(this, this.#stream?.isCut ?? true);
    });
    socket.on('error', (error) => this.#owner.failed(this, tlsFailure(error, this.isOpened)));
    socket.on('close', () => this.#owner.closed(this));
  }

  write(text: string, encoding: 'latin1'): boolean {
    return this.#socket?.write(text, encoding) ?? false;
  }

  pause(): void {
    if (this.#stream === undefined) this.#socket?.pause();
    else this.#stream.hold();
  }

  resume(): void {
    if (this.#stream === undefined) this.#socket?.resume();
    else this.#stream.release();
  }

  destroy(): void {
    this.#socket?.destroy();
  }

  /** Only destroys: Node cannot reset a TLS socket. */
  resetAndDestroy(): void {
    this.#socket?.destroy();
  }

  #connectLean(options: ConnectionOptions): TLSSocket {
    const callback = (byteCount: number) => {
      this.#read(byteCount);
      return true;
    };
    return loadTls().connect({
      ...options,
      noDelay: true,
      onread: { buffer: this.#readBuffer, callback },
    } as ConnectionOptions);
  }

  #connectWatched({ host = '', port = 0, ...options }: ConnectionOptions): TLSSocket {
    const stream = new WatchedStream(host, port);
    this.#stream = stream;
    const socket = loadTls().connect({ ...options, host, socket: stream });
    stream.on('error', (error) => socket.destroy(error));
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length && !socket.destroyed; at += this.#readBuffer.length)
        this.#read(chunk.copy(this.#readBuffer, 0, at));
    });
    return socket;
  }

  #read(byteCount: number): void {
    if (!this.#isHeard) {
      this.#isHeard = true;
      const socket = this.#socket;
      if (
        socket !== undefined &&
        !this.#keep(() => this.#tls.client.sessions.learn(this.#tls.origin, socket))
      )
        return;
    }
    this.#owner.read(this, byteCount);
  }

  /** Runs work on the kept sessions. False: it threw, and the connection is of no more use. */
  #keep(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#owner.failed(this, new LaneError('internal', thrownText(error)));
      return false;
    }
  }
}
