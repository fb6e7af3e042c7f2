// A server of one body that sends parts of it, cuts its connections where it is told to, and can be made to lie.

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { serve } from './fetch-world.ts';

export const OLD_DATE = 'Thu, 01 Jan 2026 00:00:00 GMT';

export interface RangedOptions {
  readonly body: Buffer;
  /** Of its answers. @default a strong entity tag */
  readonly fields?: Readonly<Record<string, string>>;
  /** After so many bytes each connection is cut. */
  readonly cutAfterBytes: number;
  /** Says what the answer to the nth request is, from 1; false for the right one. */
  readonly lie?: (nth: number, asked: Asked, response: ServerResponse) => boolean;
}

export interface Asked {
  readonly request: IncomingMessage;
  /** First byte of the Range; 0 without one. */
  readonly from: number;
  /** Whether the part may be sent by If-Range. */
  readonly isSame: boolean;
}

export interface RangedServer {
  readonly origin: string;
  /** Range and If-Range of each request, as sent. */
  readonly asked: (readonly [range: string | undefined, ifRange: string | undefined])[];
  readonly encodings: (string | undefined)[];
  readonly sentBytes: number;
}

export const TAG = { etag: '"one"' };

export function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

export async function serveRanges(t: TestContext, options: RangedOptions): Promise<RangedServer> {
  const { body, fields = TAG, cutAfterBytes, lie } = options;
  const asked: RangedServer['asked'] = [];
  const encodings: (string | undefined)[] = [];
  let sentBytes = 0;
  const origin = await serve(t, (request, response) => {
    const { range, 'if-range': ifRange } = request.headers as Record<string, string | undefined>;
    asked.push([range, ifRange]);
    encodings.push(request.headers['accept-encoding']);
    const from = Number(/^bytes=(\d+)-$/u.exec(range ?? '')?.[1] ?? 0);
    const isSame = ifRange === undefined || Object.values(fields).includes(ifRange);
    if (lie?.(asked.length, { request, from, isSame }, response) === true) return;
    const isPart = range !== undefined && isSame;
    if (isPart && from >= body.length) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
      return;
    }
    const start = isPart ? from : 0;
    const part = body.subarray(start, start + cutAfterBytes);
    const range206 = { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` };
    response.writeHead(isPart ? 206 : 200, {
      'content-length': body.length - start,
      ...fields,
      ...(isPart ? range206 : {}),
    });
    sentBytes += part.length;
    if (start + part.length === body.length) response.end(part);
    else response.write(part, () => setImmediate(() => response.socket?.destroySoon()));
  });
  return {
    origin,
    asked,
    encodings,
    get sentBytes() {
      return sentBytes;
    },
  };
}
