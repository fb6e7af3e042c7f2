// Runs in a network name space of its own: a server of trials, ports in TIME_WAIT towards it, then the bench. Prints the
// bench's output. Arguments: how many ports, the value of tcp_tw_reuse, and what the bench is given besides.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { MAIN } from './program.ts';
import { startServer } from '../../src/server/cluster.ts';

const [count = '0', reuse = '2', delay = '50', ...args] = process.argv.slice(2);
const net = '/proc/sys/net/ipv4';
writeFileSync(`${net}/ip_local_port_range`, '40000 40499');
writeFileSync(`${net}/tcp_tw_reuse`, reuse);

await using server = await startServer({ delayMs: Number(delay), items: 100_000, port: 8000 });
const [origin = ''] = server.origins;

/** Whoever closes first is left with TIME_WAIT: the client does. */
async function leaveOne(): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: 8000 });
  await once(socket, 'connect');
  socket.end();
  await once(socket, 'close');
}
for (let left = Number(count); left > 0; left -= 100)
  await Promise.all(Array.from({ length: Math.min(100, left) }, leaveOne));
const inTimeWait = (readFileSync('/proc/net/sockstat', 'utf8').match(/tw (\d+)/u) ?? [])[1];
console.log(`in TIME_WAIT: ${inTimeWait}`);
// Linux gives those to new connections that are a second old.
await new Promise((resolve) => setTimeout(resolve, 1_200));
const bench = spawnSync(process.execPath, [MAIN, 'bench', '--origin', origin, ...args], { encoding: 'utf8' });
console.log(bench.stdout, bench.stderr, `exit ${bench.status}`);
