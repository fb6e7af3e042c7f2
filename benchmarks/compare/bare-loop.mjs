// The least that a Node.js program does for small files: two threads request each over connections that stay open,
// hash it, write it under a temporary name and rename it. It has no parser, no deadline and no record, so it shows
// how much of the time a reliable download adds. Only for answers of our own nginx that are smaller than one read.
// Plain JavaScript, so that no thread has to strip types first.
//
//     node benchmarks/compare/bare-loop.mjs LIST OUT IN_FLIGHT

import { hash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const THREADS = 2;
const READ_BYTES = 64 * 1024;
const HEAD_END = '\r\n\r\n';
const LENGTH = 'Content-Length: ';

if (isMainThread) {
  const [list = '', out = '', inFlight = ''] = process.argv.slice(2);
  for (let index = 0; index < THREADS; index++) {
    const thread = new Worker(new URL(import.meta.url), {
      workerData: { list, out, inFlight: Number(inFlight), index },
    });
    thread.once('error', (error) => {
      throw error;
    });
  }
} else {
  download(workerData);
}

function download({ list, out, inFlight, index }) {
  const urls = readFileSync(list, 'utf8').trimEnd().split('\n');
  const partial = join(out, `partial-${index}`);
  mkdirSync(partial);
  let next = index;
  for (let lane = 0; lane < inFlight / THREADS; lane++) ask();

  function ask() {
    const { hostname, port } = new URL(urls[0]);
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    let name = '';
    let held = null;
    const onread = {
      buffer,
      callback: (byteCount) => {
        const read = buffer.subarray(0, byteCount);
        const data = held === null ? read : Buffer.concat([held, read]);
        const headBytes = data.indexOf(HEAD_END) + HEAD_END.length;
        const head = data.toString('latin1', 0, headBytes);
        const bodyBytes = Number.parseInt(head.slice(head.indexOf(LENGTH) + LENGTH.length), 10);
        const isWhole = headBytes >= HEAD_END.length && data.length >= headBytes + bodyBytes;
        held = isWhole ? null : Buffer.from(data);
        if (isWhole) {
          keep(name, data.subarray(headBytes, headBytes + bodyBytes));
          send();
        }
        return true;
      },
    };
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
    socket.once('connect', send);

    function send() {
      const url = urls[next];
      if (url === undefined) {
        socket.destroy();
        return;
      }
      next += THREADS;
      name = basename(url);
      const { host, pathname } = new URL(url);
      socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'latin1');
    }
  }

  function keep(name, body) {
    hash('sha256', body);
    const path = join(partial, name);
    const fd = openSync(path, 'w');
    writeSync(fd, body);
    closeSync(fd);
    renameSync(path, join(out, name));
  }
}
