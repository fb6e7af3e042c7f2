// A server that speaks whatever bytes a test wants, for what a good server cannot do wrong.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer, type TlsOptions } from 'node:tls';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly head: string;
}

/** One accepted connection; requests are told apart by their empty lines, for they have no bodies. */
export class RawConnection {
  readonly socket: Socket;
  /** TCP's own: below `socket` where that is TLS. */
  readonly tcp: Socket;
  readonly requests: RawRequest[] = [];
  /** How many reads the requests came in. */
  readCount = 0;
  #text = '';
  readonly #onRequest: (connection: RawConnection, request: RawRequest) => void;

  constructor(
    socket: Socket,
    onRequest: (connection: RawConnection, request: RawRequest) => void,
    tcp: Socket = socket,
  ) {
    this.socket = socket;
    this.tcp = tcp;
    this.#onRequest = onRequest;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** Ends it by RST. */
  reset(): void {
    this.tcp.resetAndDestroy();
  }

  write(bytes: string | Buffer): void {
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1');
    else this.socket.write(bytes);
  }

  #read(chunk: Buffer): void {
    this.readCount++;
    this.#text += chunk.toString('latin1');
    for (let end = this.#text.indexOf('\r\n\r\n'); end >= 0; end = this.#text.indexOf('\r\n\r\n')) {
      const head = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 4);
      const [method = '', path = ''] = head.split(' ', 2);
      const request = { method, path, head };
      this.requests.push(request);
      this.#onRequest(this, request);
    }
  }
}

export interface RawServer extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  readonly connections: RawConnection[];
  readonly requestCount: number;
  /** Over TLS: what it gave out to be resumed is of no more use. */
  forgetSessions(): void;
}

/**
 * @param onConnection called before any request of the connection, over TLS after the handshake
 * @param tls for a server that speaks TLS, with what `tls.createServer` is to know besides
 */
export async function openRawServer(
  onRequest: (connection: RawConnection, request: RawRequest) => void,
  onConnection: (connection: RawConnection) => void = () => {},
  tls?: TlsOptions,
): Promise<RawServer> {
  const connections: RawConnection[] = [];
  const tcpByPort = new Map<number | undefined, Socket>();
  const accept = (socket: Socket) => {
    const connection = new RawConnection(socket, onRequest, tcpByPort.get(socket.remotePort));
    connections.push(connection);
    socket.on('end', () => socket.end());
    onConnection(connection);
  };
  const options = { allowHalfOpen: true, noDelay: true };
  const server =
    tls === undefined ? createServer(options, accept) : createTlsServer({ ...options, ...tls }, accept);
  if (tls !== undefined) server.on('connection', (tcp: Socket) => tcpByPort.set(tcp.remotePort, tcp));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    connections,
    get requestCount() {
      return connections.reduce((sum, { requests }) => sum + requests.length, 0);
    },
    forgetSessions() {
      if (server instanceof TlsServer) server.setTicketKeys(randomBytes(48));
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of connections) socket.destroy();
      for (const tcp of tcpByPort.values()) tcp.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A whole answer with a counted body. */
export function answer(body: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}
