// A head of an answer for sink tests, with what a test wants changed.

import type { BodyHead, Committed, Sink } from '../../src/sinks/sink.ts';

export function makeHead(changes: Partial<BodyHead> = {}): BodyHead {
  const url = changes.url ?? 'http://127.0.0.1:8000/dir/a.txt?x=1';
  return {
    index: 0,
    line: 1,
    url,
    finalUrl: url,
    status: 200,
    statusText: 'OK',
    headers: [['content-type', 'text/plain']],
    receivedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    isDecoded: false,
    expectedBytes: null,
    ...changes,
  };
}

/** Puts one whole body into `sink`, in pieces of `pieceBytes` that are spoilt as soon as they were taken. */
export function store(sink: Sink, head: BodyHead, content: Buffer, pieceBytes = 40_000): Committed {
  const body = sink.begin(head);
  for (let start = 0; start < content.length; start += pieceBytes) {
    const piece = Buffer.from(content.subarray(start, start + pieceBytes));
    body.write(piece);
    piece.fill(0xee);
  }
  return body.commit();
}
