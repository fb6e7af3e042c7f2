// The one shape of "there is no such thing" for all routes.

import type { FastifyReply } from 'fastify';

/** @param message what was expected and what was found */
export function sendNotFound(reply: FastifyReply, message: string): void {
  reply.code(404).send({ statusCode: 404, error: 'Not Found', message });
}
