// JSON Schemas of what the routes take and return, only for the OpenAPI page. The routes check their input
// themselves, so that no schema is compiled before the first trial.

import { ANSWER_FORMS } from '../model/answer-form.ts';

const count = (description: string): object => ({ type: 'integer', minimum: 0, description });

export const problem = {
  type: 'object',
  description: 'What was expected and what was found.',
  required: ['statusCode', 'error', 'message'],
  properties: {
    statusCode: { type: 'integer' },
    error: { type: 'string' },
    message: { type: 'string' },
  },
};

const answers = {
  type: 'object',
  description: 'received = answered + inFlight + abandoned',
  properties: {
    received: count('Requests for a number in range since the last reset.'),
    answered: count('Answers handed to a connection that still lived.'),
    distinct: count('Different numbers among them.'),
    duplicates: count('answered - distinct'),
    abandoned: count('The connection ended before the answer was due.'),
    inFlight: count('Waiting for their delay now.'),
    peakInFlight: count('The peaks of the replicas added up.'),
    sum: { type: 'string', description: 'Sum of the numbers answered, decimal.' },
    sumOfSquares: { type: 'string', description: 'Sum of their squares, decimal.' },
    seenBitmap: {
      type: 'string',
      nullable: true,
      contentEncoding: 'base64',
      description: 'Bit n % 8 of byte n >> 3: number n was answered.',
    },
    repeatedBitmap: {
      type: 'string',
      nullable: true,
      contentEncoding: 'base64',
      description: 'The same for numbers answered more than once.',
    },
  },
};

export const stats = {
  type: 'object',
  properties: {
    server: {
      type: 'object',
      properties: {
        replicas: count('Processes that answer.'),
        destinations: count('Ports listened on.'),
        delayMs: { type: 'number', description: 'Delay of trials and downloads in milliseconds.' },
        items: count('Trials are 0 to items - 1.'),
        files: count('Files of the list API.'),
        maxPerPage: count('Most ids on a page.'),
        lean: { type: 'boolean', description: 'Trials are answered by the lean path.' },
        answer: { type: 'string', enum: ANSWER_FORMS, description: 'How trials are answered.' },
      },
    },
    trials: answers,
    downloads: answers,
    connections: {
      type: 'object',
      properties: {
        open: count('Open now.'),
        peak: count('The peaks of the replicas added up.'),
        total: count('Accepted since the last reset, those open at it included.'),
        acceptErrors: count('Accepts that failed.'),
      },
    },
    replicasReplaced: count(
      'Replicas that died since the last reset; what they counted after their last note is lost.',
    ),
    cpuUserUs: count('User time of all replicas since the last reset, microseconds.'),
    cpuSystemUs: count('System time of all replicas since the last reset, microseconds.'),
    rssBytes: count('Resident memory of all replicas.'),
    eventLoopUtilizationRatio: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      description: 'Of the busiest replica.',
    },
    replicas: { type: 'array', items: { type: 'object', additionalProperties: true } },
  },
};
