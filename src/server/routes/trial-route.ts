// GET /:n, the trial: the number itself as text after the delay.
import type { RouteOptions } from 'fastify';
import type { DelayedReplies } from '../delayed-replies.ts';
import type { RouteContext } from '../route-context.ts';
import { problem } from '../schemas.ts';
import { parseTrialNumber } from '../trial-number.ts';
import { sendNotFound } from './not-found.ts';

export function trialRoute({ facts }: RouteContext, delayed: DelayedReplies): RouteOptions {
  return {
    method: 'GET',
    url: '/:n',
    schema: {
      tags: ['trials'],
      summary: 'The number n as text, after the delay',
      params: {
        type: 'object',
        properties: { n: { type: 'integer', minimum: 0, maximum: facts.items - 1 } },
      },
      response: {
        200: { description: 'n in decimal', content: { 'text/plain': { schema: { type: 'string' } } } },
        404: problem,
      },
    },
    handler: (request, reply) => {
      const { n } = request.params as { n: string };
      const number = parseTrialNumber(n, facts.items);
      if (number === -1) {
        sendNotFound(reply, `expected an integer from 0 to ${facts.items - 1}, found ${JSON.stringify(n)}`);
      } else {
        delayed.add(request, reply, 'trial', number, n);
      }
    },
  };
}
