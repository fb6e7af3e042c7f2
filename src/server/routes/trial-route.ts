// GET /:n, the trial: the number after the delay, in JSON or as text.

import type { RouteOptions } from 'fastify';
import type { DelayedReplies } from '../delayed-replies.ts';
import type { RouteContext } from '../route-context.ts';
import { problem } from '../schemas.ts';
import { TRIAL_ANSWERS } from '../trial-answer.ts';
import { parseTrialNumber } from '../trial-number.ts';
import { sendNotFound } from './not-found.ts';

const ANSWER_SCHEMAS = {
  json: {
    type: 'object',
    required: ['value'],
    properties: { message: { type: 'string' }, value: { type: 'integer', minimum: 0 } },
  },
  text: { type: 'string' },
} as const;

export function trialRoute({ facts }: RouteContext, delayed: DelayedReplies): RouteOptions {
  const { contentType, before, after } = TRIAL_ANSWERS[facts.answer];
  const [mediaType = ''] = contentType.split(';');
  return {
    method: 'GET',
    url: '/:n',
    schema: {
      tags: ['trials'],
      summary: `The number n ${facts.answer === 'json' ? 'as value of a JSON object' : 'as text'}, after the delay`,
      params: {
        type: 'object',
        properties: { n: { type: 'integer', minimum: 0, maximum: facts.items - 1 } },
      },
      response: {
        200: { description: 'n', content: { [mediaType]: { schema: ANSWER_SCHEMAS[facts.answer] } } },
        404: problem,
      },
    },
    handler: (request, reply) => {
      const { n } = request.params as { n: string };
      const number = parseTrialNumber(n, facts.items);
      if (number === -1) {
        sendNotFound(reply, `expected an integer from 0 to ${facts.items - 1}, found ${JSON.stringify(n)}`);
      } else {
        // A serializer of its own keeps the type as it is: otherwise Fastify adds a charset to JSON, which
        // has none.
        reply.header('content-type', contentType).serializer(asIs);
        delayed.add(request, reply, 'trial', number, before + n + after);
      }
    },
  };
}

function asIs(body: string): string {
  return body;
}
