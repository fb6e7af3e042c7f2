// The Fastify application of one replica, for HTTP/1.1 or HTTP/2 over plain TCP. It never listens: sockets are handed
// to its server from the replica's listeners.

import { fastify } from 'fastify';
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerOptions,
  RouteOptions,
} from 'fastify';
import { SpillwayError } from '../model/errors.ts';
import { explainMissing } from '../model/missing-package.ts';
import { connectionOf } from './connection.ts';
import { DelayedReplies } from './delayed-replies.ts';
import { makeH2cServer } from './h2c-server.ts';
import { parseForm } from './page.ts';
import type { RouteContext } from './route-context.ts';
import { bytesRoute } from './routes/bytes-route.ts';
import { downloadRoute, listRoutes } from './routes/file-routes.ts';
import { sendNotFound } from './routes/not-found.ts';
import { statsRoutes } from './routes/stats-routes.ts';
import { trialRoute } from './routes/trial-route.ts';

/** A warm pool of a client may rest this long between two rounds. */
export const KEEP_ALIVE_MS = 75_000;
const BODY_LIMIT_BYTES = 64 * 1024;

export type Protocol = 'http1' | 'h2c';

export async function makeApp(context: RouteContext, protocol: Protocol): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1000 },
    ...(protocol === 'http1' ? httpOptions(context.facts.delayMs) : { serverFactory: makeH2cServer }),
  });
  // Node watches an HTTP/1 server's timeouts from the moment it listens; this one is handed its sockets instead.
  if (protocol === 'http1') app.server.emit('listening');
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, parseForm(body as string));
    },
  );
  if (protocol === 'http1') app.addHook('onRequest', refuseTwoHosts);
  app.setNotFoundHandler((request, reply) => {
    sendNotFound(
      reply,
      `expected a route of this server (GET /docs shows them), found ${request.method} ${request.url}`,
    );
  });
  app.setErrorHandler(sendError);
  addRoutes(app, context);
  await app.ready();
  return app;
}

/** RFC 9112, section 3.2: 400 for a request with more than one Host. Node.js looks only whether there is one. */
function refuseTwoHosts(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { rawHeaders } = request.raw;
  let hostCount = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hostCount += 1;
  }
  if (hostCount <= 1) {
    done();
    return;
  }
  const message = `expected one Host field, found ${hostCount}`;
  reply.code(400).send({ statusCode: 400, error: 'Bad Request', message });
}

/** Fastify's own shape, with what to do where its message does not say it. */
function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const found = request.headers['content-type'] ?? 'no content type';
    error.message = `expected application/x-www-form-urlencoded or application/json, found ${found}`;
  }
  const isOurs = error instanceof SpillwayError;
  reply.code(isOurs ? 503 : (error.statusCode ?? 500)).send(error);
}

function addRoutes(app: FastifyInstance, context: RouteContext): void {
  const delayed = new DelayedReplies(context);
  const waiting = [trialRoute(context, delayed), downloadRoute(context, delayed), bytesRoute(delayed)];
  const immediate = [...listRoutes(context), ...statsRoutes(context)];
  const routes = [...waiting, ...immediate];
  for (const route of waiting) app.route(withoutSchema(route));
  for (const route of immediate) app.route({ ...withoutSchema(route), onRequest: owe });
  const showDocs = docsHandler(routes);
  app.get('/docs', { onRequest: owe }, showDocs);
  app.get('/docs/*', { onRequest: owe }, showDocs);
}

/** The schemas are for the OpenAPI page: compiling them here would only delay the first trial. */
function withoutSchema(route: RouteOptions): RouteOptions {
  const bare = { ...route };
  delete bare.schema;
  return bare;
}

/** A drain waits for answers under way on routes that have no delay. */
function owe(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const connection = connectionOf(request.raw.socket);
  connection.owedOthers++;
  reply.raw.once('close', () => {
    connection.owedOthers--;
  });
  done();
}

function docsHandler(
  routes: readonly RouteOptions[],
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  let docs: Promise<FastifyInstance> | undefined;
  return async (request, reply) => {
    docs ??= import('./docs-app.ts').then(({ makeDocsApp }) => makeDocsApp(routes));
    const app = await docs.catch((error: unknown) => {
      throw explainMissing(['@fastify/swagger', '@fastify/swagger-ui'], error);
    });
    reply.hijack();
    app.routing(request.raw, reply.raw);
  };
}

/**
 * Fastify makes the server itself: importing node:http into a module loads all it lazily exports, some 15 ms. A pipeline
 * stands half read while its answers wait, so their delay must not count against the client.
 */
function httpOptions(delayMs: number): FastifyServerOptions {
  return {
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 300_000 + delayMs,
    http: { headersTimeout: 60_000 + delayMs, requestTimeout: 300_000 + delayMs },
  } as FastifyServerOptions;
}
