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

/** How long an idle connection stays open, so that a client's pool stays warm between two rounds. */
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
  // Node.js watches an HTTP/1 server's timeouts from the moment it listens. This server never listens itself,
  // so the event is emitted here.
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

/**
 * Answers 400 to a request with more than one Host (RFC 9112, section 3.2). Node.js checks only that there is
 * one.
 */
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

/** Sends an error in Fastify's own shape, and adds what to do where Fastify's message does not say it. */
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

/** Drops the schemas, which only the OpenAPI page needs: compiling them here would delay the first trial. */
function withoutSchema(route: RouteOptions): RouteOptions {
  const bare = { ...route };
  delete bare.schema;
  return bare;
}

/** Counts an answer under way on a route without a delay, so that a drain waits for it. */
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
 * Options of the server that Fastify makes. Fastify makes it because importing node:http into a module loads
 * everything it lazily exports, some 15 ms. A pipeline stays half read while its answers wait, so their delay
 * must not count against the client's timeouts.
 */
function httpOptions(delayMs: number): FastifyServerOptions {
  return {
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 300_000 + delayMs,
    http: { headersTimeout: 60_000 + delayMs, requestTimeout: 300_000 + delayMs },
  } as FastifyServerOptions;
}
