// POSIX tar (pax, IEEE Std 1003.1): one member a body, named as a file would be, with the URL and the digest in its
// extended header. Members carry the target's index, so that no two have one name in any segment.

import type { PackedSpec } from '../../model/sink-spec.ts';
import { compressRecord } from './compress.ts';
import { suggestedName } from '../names/name-template.ts';
import type { PackedFormat, WholeBody } from './packed-sink.ts';
import { safeName } from '../names/safe-name.ts';
import type { BodyHead } from '../sink.ts';

export const TAR_BLOCK_BYTES = 512;
/** The largest size and number that eleven octal digits hold; beyond it the extended header has the word. */
const MAX_OCTAL_BYTES = 8 ** 11 - 1;
const MEMBERS_PER_DIRECTORY = 10_000;

export function makeTarFormat(spec: PackedSpec): PackedFormat {
  const end = Buffer.alloc(2 * TAR_BLOCK_BYTES);
  return {
    record: (head, body) => compressRecord(member(head, body), spec.compression),
    trailer: Buffer.concat([...compressRecord([end], spec.compression)]),
  };
}

/** `00012/123456-name`: unique by the index, and no directory of more than 10,000 when unpacked. */
function memberName(head: BodyHead): string {
  const directory = String(Math.floor(head.index / MEMBERS_PER_DIRECTORY)).padStart(5, '0');
  return `${directory}/${head.index}-${safeName(suggestedName(head)).slice(0, 200)}`;
}

function* member(head: BodyHead, body: WholeBody): Generator<Uint8Array> {
  const path = memberName(head);
  const seconds = Math.floor(head.receivedAtMs / 1000);
  const extended = Buffer.from(
    paxField('path', path) +
      (body.bytes > MAX_OCTAL_BYTES ? paxField('size', String(body.bytes)) : '') +
      paxField('SPILLWAY.url', head.url) +
      paxField('SPILLWAY.sha256', body.sha256),
  );
  yield header({ path: `PaxHeaders/${head.index}`, bytes: extended.length, seconds, type: 'x' });
  yield padded(extended);
  yield header({ path: String(head.index), bytes: body.bytes, seconds, type: '0' });
  yield* body.pieces();
  const restBytes = body.bytes % TAR_BLOCK_BYTES;
  if (restBytes > 0) yield Buffer.alloc(TAR_BLOCK_BYTES - restBytes);
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
function paxField(key: string, value: string): string {
  const restBytes = Buffer.byteLength(` ${key}=${value}\n`);
  let lengthBytes = restBytes + String(restBytes).length;
  lengthBytes = restBytes + String(lengthBytes).length;
  return `${lengthBytes} ${key}=${value}\n`;
}

function padded(content: Buffer): Buffer {
  const block = Buffer.alloc(Math.ceil(content.length / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES);
  content.copy(block);
  return block;
}

interface HeaderFields {
  readonly path: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly type: '0' | 'x';
}

function header({ path, bytes, seconds, type }: HeaderFields): Buffer {
  const block = Buffer.alloc(TAR_BLOCK_BYTES);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(path, 0, 100, 'latin1');
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(Math.min(bytes, MAX_OCTAL_BYTES), 124, 12);
  octal(seconds, 136, 12);
  block.fill(' ', 148, 156);
  block.write(type, 156, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
