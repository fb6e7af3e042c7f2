// A server in a process of its own, so that a test can stop it as a whole: then the kernel answers handshakes until
// its accept queue is full and drops the rest in silence. Prints its port; answers /n with n.

import { type AddressInfo, createServer } from 'node:net';

const backlog = Number(process.argv[2]);
const server = createServer((socket) => {
  socket.setNoDelay(true);
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const number = text.slice(5, text.indexOf(' ', 5));
      text = text.slice(end + 4);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${number.length}\r\n\r\n${number}`);
    }
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog }, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.stdin.on('end', () => process.exit()).resume();
