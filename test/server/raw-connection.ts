// A TCP connection for tests: sends bytes as told, reads HTTP/1.1 answers with a content length.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const LAST_CHUNK = '0\r\n\r\n';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `performance.now()` when its last byte was read. */
  readonly atMs: number;
}

export class RawConnection {
  readonly socket: Socket;
  readonly #answers: RawAnswer[] = [];
  #buffered = Buffer.alloc(0);
  #isEnded = false;
  #wake: () => void = () => {};
  /** For answers to HEAD: they have a length and no body. */
  hasBodies = true;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#buffered = Buffer.concat([this.#buffered, chunk as Buffer]);
      this.#parse();
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isEnded = true;
      this.#wake();
    });
  }

  static open(origin: string): Promise<RawConnection> {
    const { hostname, port } = new URL(origin);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        resolve(new RawConnection(socket));
      });
    });
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** The next `count` answers, in order. Rejects when the connection ends before, or after the deadline. */
  async take(count: number, deadlineMs = 20_000): Promise<RawAnswer[]> {
    const endMs = performance.now() + deadlineMs;
    while (this.#answers.length < count) {
      if (this.#isEnded)
        throw new Error(`connection ended after ${this.#answers.length} of ${count} answers`);
      await this.#change(endMs);
    }
    return this.#answers.splice(0, count);
  }

  /** Resolves when the server has ended the connection; gives what came before. */
  async ended(deadlineMs = 20_000): Promise<RawAnswer[]> {
    const endMs = performance.now() + deadlineMs;
    while (!this.#isEnded) await this.#change(endMs);
    return this.#answers.splice(0);
  }

  close(): void {
    this.socket.destroy();
  }

  #change(endMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          reject(
            new Error(`deadline: ${this.#answers.length} answers, rest ${this.#buffered.toString('latin1')}`),
          );
        },
        Math.max(0, endMs - performance.now()),
      );
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #parse(): void {
    for (;;) {
      const headEnd = this.#buffered.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const [statusLine = '', ...lines] = this.#buffered.toString('latin1', 0, headEnd).split('\r\n');
      const headers = Object.fromEntries(
        lines.map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
        }),
      );
      const start = headEnd + 4;
      // A chunked answer here is one without a body, so its last chunk is its only one.
      const isChunked = headers['transfer-encoding'] === 'chunked';
      const length = this.hasBodies && !isChunked ? Number(headers['content-length'] ?? 0) : 0;
      const end = start + length + (isChunked ? LAST_CHUNK.length : 0);
      if (this.#buffered.length < end) return;
      this.#answers.push({
        status: Number(statusLine.split(' ')[1]),
        headers,
        body: this.#buffered.toString('latin1', start, start + length),
        atMs: performance.now(),
      });
      this.#buffered = this.#buffered.subarray(end);
    }
  }
}

/** The bytes of a plain GET as a client of HTTP/1.1 sends them. */
export function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}\r\n`;
}
