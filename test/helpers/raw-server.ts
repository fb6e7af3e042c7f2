// A server that speaks whatever bytes a test wants, for what a good server cannot do wrong.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly head: string;
}

/** One accepted connection; requests are told apart by their empty lines, for they have no bodies. */
export class RawConnection {
  readonly socket: Socket;
  readonly requests: RawRequest[] = [];
  /** How many reads the requests came in. */
  readCount = 0;
  #text = '';
  readonly #onRequest: (connection: RawConnection, request: RawRequest) => void;

  constructor(socket: Socket, onRequest: (connection: RawConnection, request: RawRequest) => void) {
    this.socket = socket;
    this.#onRequest = onRequest;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
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
}

/** @param onConnection called before any request of the connection */
export async function openRawServer(
  onRequest: (connection: RawConnection, request: RawRequest) => void,
  onConnection: (connection: RawConnection) => void = () => {},
): Promise<RawServer> {
  const connections: RawConnection[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new RawConnection(socket, onRequest);
    connections.push(connection);
    socket.on('end', () => socket.end());
    onConnection(connection);
  });
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    connections,
    get requestCount() {
      return connections.reduce((sum, { requests }) => sum + requests.length, 0);
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A whole answer with a counted body. */
export function answer(body: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}
