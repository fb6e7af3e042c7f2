// What all replicas saw: as JSON with the bitmaps for a proof, and as Prometheus text.

import type { RouteOptions } from 'fastify';
import { explainMissing } from '../../model/missing-package.ts';
import type { RouteContext } from '../route-context.ts';
import { problem, stats } from '../schemas.ts';
import { toStatsJson } from '../server-stats.ts';

export function statsRoutes(context: RouteContext): RouteOptions[] {
  return [
    {
      method: 'GET',
      url: '/stats',
      schema: {
        tags: ['statistics'],
        summary: 'What was answered since the last reset, over all replicas',
        querystring: {
          type: 'object',
          properties: {
            bitmap: {
              type: 'string',
              enum: ['true', 'false'],
              default: 'true',
              description: 'false leaves the bitmaps out, for cheap polling.',
            },
          },
        },
        response: { 200: stats, 400: problem },
      },
      handler: async (request, reply) => {
        const { bitmap = 'true' } = request.query as { bitmap?: unknown };
        if (bitmap !== 'true' && bitmap !== 'false') {
          const message = `bitmap: expected true or false, found ${JSON.stringify(bitmap)}`;
          return reply.code(400).send({ statusCode: 400, error: 'Bad Request', message });
        }
        return toStatsJson(await context.stats(), bitmap === 'true');
      },
    },
    {
      method: 'POST',
      url: '/stats/reset',
      schema: {
        tags: ['statistics'],
        summary: 'Start all counts again; answers when every replica has',
        response: {
          204: { description: 'Every replica counts from zero; what is in flight counts as received.' },
        },
      },
      handler: async (_request, reply) => {
        await context.reset();
        return reply.code(204).send();
      },
    },
    {
      method: 'GET',
      url: '/metrics',
      schema: {
        tags: ['statistics'],
        summary: 'The same counts for Prometheus',
        response: {
          200: { description: 'Prometheus text', content: { 'text/plain': { schema: { type: 'string' } } } },
        },
      },
      handler: async (_request, reply) => {
        const { renderMetrics } = await import('../metrics.ts').catch((error: unknown) => {
          throw explainMissing(['@prometheus-io/client'], error);
        });
        const { contentType, text } = await renderMetrics(await context.stats());
        return reply.type(contentType).send(text);
      },
    },
  ];
}
