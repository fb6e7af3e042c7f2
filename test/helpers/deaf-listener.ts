// Listens on a port of 127.0.0.2 and never takes a connection: once its queue is full, the kernel drops handshakes
// without a word. Argument: the port. Prints a line when it listens; ends with its standard input.

import { createServer } from 'node:net';

const server = createServer(() => {});
server.listen({ host: '127.0.0.2', port: Number(process.argv[2]), backlog: 1 }, () => {
  process.stdout.write('listening\n', () => {
    // Its event loop stands from here on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000);
    process.exit();
  });
});
