// The OpenAPI page, a separate application behind /docs. It is made at the first visit, as it costs more than
// the rest of the replica's start. The page loads only from this server, and its content security policy
// forbids everything else.

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { fastify } from 'fastify';
import type { FastifyInstance, RouteOptions } from 'fastify';

const POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'self'; object-src 'none'";

/** @param routes are shown with their schemas and not answered here */
export async function makeDocsApp(routes: readonly RouteOptions[]): Promise<FastifyInstance> {
  // The schemas are only shown, so nothing is compiled from them.
  const app = fastify();
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'spillway mock server',
        description: 'A slow website to fetch from, which counts exactly what it answered.',
        version: '1',
      },
      tags: [
        { name: 'trials', description: 'Numbers, answered after the delay' },
        { name: 'files', description: 'A paginated list of files with names that cannot be guessed' },
        { name: 'bodies', description: 'Bodies of any size, answered after the delay' },
        { name: 'statistics', description: 'What was answered, over all replicas' },
      ],
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: POLICY,
    uiConfig: { validatorUrl: null, tryItOutEnabled: true },
  });
  for (const route of routes) app.route(route);
  await app.ready();
  return app;
}
