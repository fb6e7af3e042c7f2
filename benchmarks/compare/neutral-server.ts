// A delay server that shares no code with spillway: a bare TCP server that answers GET /:n with n after a fixed
// delay, and pipelined requests all at once and in order. nginx answers pipelined requests one after another, so a
// comparison of pipelining clients needs another server; this one costs so little that it is not the bottleneck.
import { createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** One write that is due: every answer to what one read brought. */
interface Due {
  readonly dueMs: number;
  readonly socket: Socket;
  readonly text: string;
}

export interface NeutralServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Unfinished request bytes kept for a connection; a client that sends more without an end is cut. */
const MAX_REQUEST_BYTES = 16_384;
/** A single accept queue overflows when thousands connect at once; the kernel spreads them over these. */
const LISTENER_COUNT = 4;
const BACKLOG = 4096;

/**
 * Listens on 127.0.0.1. `GET /stats` answers at once with `{"requests":…,"connections":…}` (itself not counted).
 * @param port 0 for any free port
 */
export async function startNeutralServer(port: number, delayMs: number): Promise<NeutralServer> {
  const sockets = new Set<Socket>();
  const queue: Due[] = [];
  let queueHead = 0;
  let timer: NodeJS.Timeout | undefined;
  let requestCount = 0;

  // The delay is the same for all, so the queue is in order of time and one timer serves it.
  function flush(): void {
    const nowMs = performance.now();
    let due = queue[queueHead];
    while (due !== undefined && due.dueMs <= nowMs) {
      if (due.socket.writable) due.socket.write(due.text, 'latin1');
      queueHead += 1;
      due = queue[queueHead];
    }
    if (due === undefined) {
      queue.length = 0;
      queueHead = 0;
      timer = undefined;
      return;
    }
    if (queueHead > 65_536) {
      queue.splice(0, queueHead);
      queueHead = 0;
    }
    timer = setTimeout(flush, Math.max(1, due.dueMs - nowMs));
  }

  function answerLater(socket: Socket, text: string): void {
    if (delayMs === 0) {
      socket.write(text, 'latin1');
      return;
    }
    queue.push({ dueMs: performance.now() + delayMs, socket, text });
    timer ??= setTimeout(flush, delayMs);
  }

  function onConnection(socket: Socket): void {
    sockets.add(socket);
    let rest = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      const text = rest === '' ? chunk : rest + chunk;
      let answers = '';
      let start = 0;
      for (;;) {
        const end = text.indexOf('\r\n\r\n', start);
        if (end === -1) break;
        const pathEnd = text.indexOf(' ', start + 4);
        if (!text.startsWith('GET /', start) || pathEnd > end) {
          socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n', 'latin1');
          return;
        }
        const body = text.slice(start + 5, pathEnd);
        start = end + 4;
        if (body === 'stats') {
          socket.write(answer(JSON.stringify({ requests: requestCount, connections: sockets.size })));
          continue;
        }
        requestCount += 1;
        answers += answer(body);
      }
      rest = text.slice(start);
      if (rest.length > MAX_REQUEST_BYTES) socket.destroy();
      else if (answers !== '') answerLater(socket, answers);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  }

  const servers: Server[] = [];
  let boundPort = port;
  for (let index = 0; index < LISTENER_COUNT; index += 1) {
    const server = createServer({ noDelay: true }, onConnection);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', port: boundPort, backlog: BACKLOG, reusePort: true }, resolve);
    });
    const address = server.address();
    if (address !== null && typeof address === 'object') boundPort = address.port;
    servers.push(server);
  }

  return {
    port: boundPort,
    async close() {
      clearTimeout(timer);
      for (const socket of sockets) socket.resetAndDestroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function answer(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startNeutralServer(Number(process.argv[2] ?? 0), Number(process.argv[3] ?? 0));
  process.once('SIGTERM', () => void server.close());
  process.once('SIGINT', () => void server.close());
  process.stdout.write(`http://127.0.0.1:${server.port}\n`);
}
