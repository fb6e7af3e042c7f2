// The list API and its files: pages of ids that nobody can guess, and `k of n` as the content of each file.

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { DelayedReplies } from '../delayed-replies.ts';
import type { FileIds } from '../file-ids.ts';
import { parsePage } from '../page.ts';
import type { RouteContext } from '../route-context.ts';
import { problem } from '../schemas.ts';
import { sendNotFound } from './not-found.ts';

/** How many files the full list writes at a time. */
const CHUNK_FILES = 1000;

export function listRoutes(context: RouteContext): RouteOptions[] {
  return [listAll(context), listPage(context)];
}

function listAll({ ids }: RouteContext): RouteOptions {
  return {
    method: 'GET',
    url: '/api/list_files',
    schema: {
      tags: ['files'],
      summary: 'Every file with its number, for debugging',
      response: {
        200: {
          type: 'object',
          properties: {
            data: {
              type: 'array',
              description: 'One object a file: its id, and its number from 0.',
              items: { type: 'object', additionalProperties: { type: 'integer', minimum: 0 } },
            },
          },
        },
      },
    },
    handler: (request, reply) => {
      reply.type('application/json; charset=utf-8');
      // A list of a million files is some 100 MB, so it is streamed and never held in memory.
      return reply.send(request.method === 'HEAD' ? '' : Readable.from(allFiles(ids)));
    },
  };
}

function* allFiles(ids: FileIds): Generator<string> {
  yield '{"data":[';
  for (let start = 0; start < ids.count; start += CHUNK_FILES) {
    const chunk = ids
      .range(start, Math.min(CHUNK_FILES, ids.count - start))
      .map((id, offset) => `{"${id}":${start + offset}}`);
    yield (start === 0 ? '' : ',') + chunk.join(',');
  }
  yield ']}\n';
}

function listPage({ ids, facts }: RouteContext): RouteOptions {
  const fields = {
    type: 'object',
    properties: {
      start: { type: 'integer', minimum: 0, default: 0, description: 'How many files to skip.' },
      per_page: {
        type: 'integer',
        minimum: 1,
        default: Math.min(3, facts.maxPerPage),
        description: `How many ids, at most ${facts.maxPerPage}.`,
      },
    },
  };
  return {
    method: 'POST',
    url: '/api/list_files',
    schema: {
      tags: ['files'],
      summary: 'One page of file ids; the fields as form, JSON or query string',
      consumes: ['application/x-www-form-urlencoded', 'application/json'],
      querystring: fields,
      body: fields,
      response: {
        200: {
          type: 'object',
          description: 'Ids of files, each at /api/download/ID. The header More says whether files are left.',
          headers: { More: { type: 'string', enum: ['true', 'false'] } },
          properties: { urls: { type: 'array', items: { type: 'string' } } },
        },
        400: problem,
        415: problem,
      },
    },
    handler: (request, reply) => {
      const page = parsePage(request.query, request.body, facts.maxPerPage);
      if ('problem' in page) {
        return reply.code(400).send({ statusCode: 400, error: 'Bad Request', message: page.problem });
      }
      const count = Math.max(0, Math.min(page.perPage, ids.count - page.start));
      reply.header('More', page.start + page.perPage < ids.count ? 'true' : 'false');
      return reply.send({ urls: ids.range(page.start, count) });
    },
  };
}

export function downloadRoute({ ids }: RouteContext, delayed: DelayedReplies): RouteOptions {
  return {
    method: 'GET',
    url: '/api/download/:id',
    schema: {
      tags: ['files'],
      summary: 'The file: "k of n", after the delay',
      params: { type: 'object', properties: { id: { type: 'string', pattern: '^[0-9a-f]{32}$' } } },
      response: {
        200: { description: 'k of n', content: { 'text/plain': { schema: { type: 'string' } } } },
        404: problem,
      },
    },
    handler: (request: FastifyRequest, reply: FastifyReply) => {
      const { id } = request.params as { id: string };
      const number = ids.find(id);
      if (number === -1) {
        sendNotFound(reply, `expected the id of a file of this run, found ${JSON.stringify(id)}`);
        return;
      }
      reply.header('content-disposition', `attachment; filename=${id}.txt`);
      reply.type('text/plain; charset=UTF-8');
      delayed.add(request, reply, 'download', number, `${number + 1} of ${ids.count}`);
    },
  };
}
