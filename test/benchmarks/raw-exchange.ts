// A bare TCP client for tests of servers: writes pipelined requests and reads the bodies of the answers in order.
import { connect } from 'node:net';

export interface RawExchange {
  readonly bodies: readonly string[];
  /** From the write to the last answer. */
  readonly elapsedMs: number;
}

/**
 * @param pieceBytes how many bytes to write at once; all in one write when left out
 * @throws Error when the answers are not there within 10 s
 */
export async function rawExchange(
  port: number,
  paths: readonly string[],
  answerCount: number,
  pieceBytes?: number,
): Promise<RawExchange> {
  const request = paths.map((path) => `GET /${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join('');
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const startedMs = performance.now();
    const answered = new Promise<string>((resolve, reject) => {
      let text = '';
      const timer = setTimeout(
        () => reject(new Error(`expected ${answerCount} answers, got: ${text}`)),
        10_000,
      );
      socket.setEncoding('latin1');
      socket.on('data', (chunk: string) => {
        text += chunk;
        if (readBodies(text).length < answerCount) return;
        clearTimeout(timer);
        resolve(text);
      });
    });
    const size = pieceBytes ?? request.length;
    for (let start = 0; start < request.length; start += size) {
      await new Promise((resolve) => socket.write(request.slice(start, start + size), resolve));
    }
    const text = await answered;
    return { bodies: readBodies(text), elapsedMs: performance.now() - startedMs };
  } finally {
    socket.destroy();
  }
}

/** The whole bodies in a stream of answers with Content-Length. */
function readBodies(text: string): string[] {
  const bodies: string[] = [];
  let start = 0;
  for (;;) {
    const end = text.indexOf('\r\n\r\n', start);
    if (end === -1) return bodies;
    const length = Number(/content-length: (\d+)/i.exec(text.slice(start, end))?.[1] ?? 0);
    if (text.length < end + 4 + length) return bodies;
    bodies.push(text.slice(end + 4, end + 4 + length));
    start = end + 4 + length;
  }
}
