// An origin in its own process that serves a fixed number of requests at once and refuses or queues the others, or
// answers every request at once. It counts in tenths of a second and reports the counts on request.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TICK_MS } from './ticks.ts';

const [kind = 'refuse', capacityText = '20', serviceText = '50'] = process.argv.slice(2);
const capacity = Number(capacityText);
const serviceMs = Number(serviceText);
const body = Buffer.alloc(2000, 'x');
const waiting: (() => void)[] = [];
let ticks: { served: number; refused: number }[] = [];
let startedAt = performance.now();
let open = 0;

function tick(): { served: number; refused: number } {
  const index = Math.floor((performance.now() - startedAt) / TICK_MS);
  while (ticks.length <= index) ticks.push({ served: 0, refused: 0 });
  return ticks[index] as { served: number; refused: number };
}

function begin(answer: () => void): void {
  open++;
  setTimeout(() => {
    open--;
    answer();
    const next = waiting.shift();
    if (next !== undefined) begin(next);
  }, serviceMs);
}

const server = createServer((_, response) => {
  const answer = () => {
    tick().served++;
    response.end(body);
  };
  if (kind === 'quick') answer();
  else if (open < capacity) begin(answer);
  else if (kind === 'queue') waiting.push(answer);
  else {
    tick().refused++;
    response.writeHead(503).end();
  }
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('message', (message) => {
  if (message === 'start') {
    ticks = [];
    startedAt = performance.now();
  } else {
    process.send?.({ ticks });
  }
});
process.on('disconnect', () => process.exit());
