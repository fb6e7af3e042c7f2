// The answer that all routes give when something does not exist.

import type { FastifyReply } from 'fastify';

/** @param message what was expected and what was found */
export function sendNotFound(reply: FastifyReply, message: string): void {
  reply.code(404).send({ statusCode: 404, error: 'Not Found', message });
}
