// GET /bytes/:size/:n: a body of `size` bytes that is different for each n, for runs that keep what they
// fetch.

import { Readable } from 'node:stream';
import type { RouteOptions } from 'fastify';
import { bodyPieces, MAX_BODY_BYTES, MAX_BODY_NUMBER } from '../body-bytes.ts';
import type { DelayedReplies } from '../delayed-replies.ts';
import { problem } from '../schemas.ts';
import { parseNumber } from '../trial-number.ts';
import { sendNotFound } from './not-found.ts';

/** Bodies up to this length are sent in one piece; longer ones as the client reads them. */
const MAX_WHOLE_BYTES = 1024 * 1024;

export function bytesRoute(delayed: DelayedReplies): RouteOptions {
  return {
    method: 'GET',
    url: '/bytes/:size/:n',
    schema: {
      tags: ['bodies'],
      summary: 'A body of size bytes after the delay: pseudo-random, the same for the same size and n',
      params: {
        type: 'object',
        properties: {
          size: { type: 'integer', minimum: 0, maximum: MAX_BODY_BYTES },
          n: { type: 'integer', minimum: 0, maximum: MAX_BODY_NUMBER - 1 },
        },
      },
      response: {
        200: {
          description: 'size bytes',
          headers: { ETag: { type: 'string', description: '"size-n"' } },
          content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
        },
        404: problem,
      },
    },
    handler: (request, reply) => {
      const { size, n } = request.params as { size: string; n: string };
      const sizeBytes = parseNumber(size, MAX_BODY_BYTES + 1);
      const number = parseNumber(n, MAX_BODY_NUMBER);
      if (sizeBytes === -1 || number === -1) {
        const found = JSON.stringify(`${size}/${n}`);
        const range = `SIZE/N with SIZE from 0 to ${MAX_BODY_BYTES} and N from 0 to ${MAX_BODY_NUMBER - 1}`;
        sendNotFound(reply, `expected ${range}, found ${found}`);
        return;
      }
      reply.header('content-length', sizeBytes).header('etag', `"${size}-${n}"`);
      reply.type('application/octet-stream');
      // HEAD uses a stream, as an empty text would set a Content-Length of 0.
      if (request.method === 'HEAD') delayed.addUncounted(request, reply, () => Readable.from([]));
      else delayed.addUncounted(request, reply, () => makeBody(sizeBytes, number));
    },
  };
}

function makeBody(sizeBytes: number, number: number): Buffer | Readable {
  const pieces = bodyPieces(sizeBytes, number);
  return sizeBytes <= MAX_WHOLE_BYTES
    ? Buffer.concat([...pieces])
    : Readable.from(pieces, { objectMode: false });
}
