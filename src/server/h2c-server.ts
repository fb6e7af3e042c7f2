// The HTTP/2 server for plain TCP, with limits wide enough for a thousand streams a connection.

import { createServer } from 'node:http2';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Server } from 'node:http';

/** Streams a client may have open at once on one connection. */
const MAX_STREAMS = 10_000;
const SESSION_MEMORY_MB = 256;

const sessions = new Set<ServerHttp2Session>();

export function makeH2cServer(listener: (request: never, reply: never) => void): Server {
  const server: Http2Server = createServer(
    {
      settings: { maxConcurrentStreams: MAX_STREAMS },
      maxSessionMemory: SESSION_MEMORY_MB,
    },
    listener as Parameters<typeof createServer>[1] & object,
  );
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  return server as unknown as Server;
}

/** Tells every client that no more streams are accepted; a session ends when its last stream does. */
export function closeH2cSessions(): void {
  for (const session of sessions) session.close();
}
