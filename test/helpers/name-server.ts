// A small name server on loopback, over UDP and TCP: what each name answers, how late, and what is lost, is the test's to
// say. It counts what it was asked.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export type RecordType = 'A' | 'AAAA' | 'SOA' | 'other';

export interface NameAnswer {
  /** @default no records: NODATA */
  readonly addresses?: readonly string[];
  /** @default 60 */
  readonly ttlSec?: number;
  readonly rcode?: 'NOERROR' | 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED';
  /** With a negative answer, the SOA whose minimum says how long it holds. */
  readonly soaSec?: number;
  readonly delayMs?: number;
  /** Nothing comes back. */
  readonly isLost?: boolean;
  /** Over UDP only that it was too long: the whole comes over TCP. */
  readonly isTruncated?: boolean;
}

export interface NameServer extends AsyncDisposable {
  /** As `--dns-servers` takes it. */
  readonly address: string;
  /** Queries by "TYPE name", in the order in which they came. */
  readonly queries: readonly string[];
  readonly tcpQueries: readonly string[];
  count(query: string): number;
  /** Queries that waited for their answer at once, at most. */
  readonly openPeak: number;
}

const TYPES: Readonly<Record<number, RecordType>> = { 1: 'A', 28: 'AAAA', 6: 'SOA' };
const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

export async function openNameServer(
  answerFor: (name: string, type: RecordType, isTcp: boolean) => NameAnswer,
  host = '127.0.0.1',
): Promise<NameServer> {
  const queries: string[] = [];
  const tcpQueries: string[] = [];
  const counts = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  let open = 0;
  let openPeak = 0;

  const take = (query: Buffer, isTcp: boolean, send: (answer: Buffer) => void): void => {
    const { name, type, end } = readQuestion(query);
    const label = `${type} ${name}`;
    queries.push(label);
    if (isTcp) tcpQueries.push(label);
    counts.set(label, (counts.get(label) ?? 0) + 1);
    const answer = answerFor(name, type, isTcp);
    if (answer.isLost === true) return;
    const bytes = makeAnswer(query.subarray(0, end), type, answer, isTcp);
    if (answer.delayMs === undefined) {
      send(bytes);
      return;
    }
    openPeak = Math.max(openPeak, ++open);
    const timer = setTimeout(() => {
      timers.delete(timer);
      open--;
      send(bytes);
    }, answer.delayMs);
    timers.add(timer);
  };

  const tcp = createServer((socket) => serveTcp(socket, take));
  const { port } = await listen(tcp, host);
  const udp = createSocket({ type: 'udp4', recvBufferSize: 4 * 2 ** 20 });
  udp.on('message', (query: Buffer, from: RemoteInfo) =>
    take(query, false, (answer) => udp.send(answer, from.port, from.address, () => {})),
  );
  udp.bind(port, host);
  await once(udp, 'listening');

  return {
    address: `${host}:${port}`,
    queries,
    tcpQueries,
    count: (query) => counts.get(query) ?? 0,
    get openPeak() {
      return openPeak;
    },
    [Symbol.asyncDispose]: async () => {
      for (const timer of timers) clearTimeout(timer);
      udp.close();
      tcp.close();
    },
  };
}

async function listen(server: Server, host: string): Promise<AddressInfo> {
  server.listen(0, host);
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

function serveTcp(
  socket: Socket,
  take: (query: Buffer, isTcp: boolean, send: (answer: Buffer) => void) => void,
): void {
  let held = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const length = held.readUInt16BE(0);
      const query = held.subarray(2, 2 + length);
      held = held.subarray(2 + length);
      take(query, true, (answer) => {
        const size = Buffer.alloc(2);
        size.writeUInt16BE(answer.length);
        socket.write(Buffer.concat([size, answer]));
      });
    }
  });
}

function readQuestion(query: Buffer): { name: string; type: RecordType; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] as number; length > 0; length = query[at] as number) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: TYPES[query.readUInt16BE(at + 1)] ?? 'other', end: at + 5 };
}

function makeAnswer(question: Buffer, type: RecordType, answer: NameAnswer, isTcp: boolean): Buffer {
  const { addresses = [], ttlSec = 60, rcode = 'NOERROR', soaSec, isTruncated = false } = answer;
  const isCut = isTruncated && !isTcp;
  const records = isCut ? [] : addresses.map((address) => addressRecord(address, ttlSec));
  const authority = soaSec === undefined ? [] : [soaRecord(soaSec)];
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | (isCut ? 0x0200 : 0) | RCODES[rcode], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(type === 'SOA' ? authority.length : records.length, 6);
  head.writeUInt16BE(type === 'SOA' ? 0 : authority.length, 8);
  head.writeUInt16BE(0, 10);
  return Buffer.concat([head, ...records, ...authority]);
}

function addressRecord(address: string, ttlSec: number): Buffer {
  const bytes = address.includes(':') ? ipv6Bytes(address) : Buffer.from(address.split('.').map(Number));
  return Buffer.concat([recordHead(bytes.length === 4 ? 1 : 28, ttlSec, bytes.length), bytes]);
}

function soaRecord(minimumSec: number): Buffer {
  const names = Buffer.from([2, 0x6e, 0x73, 0, 2, 0x6e, 0x73, 0]);
  const numbers = Buffer.alloc(20);
  for (const [index, value] of [1, 3600, 600, 86_400, minimumSec].entries())
    numbers.writeUInt32BE(value, index * 4);
  return Buffer.concat([recordHead(6, minimumSec, names.length + 20), names, numbers]);
}

/** Of the name that was asked for, by a pointer to the question. */
function recordHead(type: number, ttlSec: number, length: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttlSec, 6);
  head.writeUInt16BE(length, 10);
  return head;
}

function ipv6Bytes(address: string): Buffer {
  const [before = '', after = ''] = address.split('::');
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((part) => Number.parseInt(part, 16));
  const [first, last] = [groups(before), address.includes('::') ? groups(after) : []];
  const all = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of all.entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}
