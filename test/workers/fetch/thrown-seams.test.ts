import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { AnswerReceiver, RequestControl } from '../../../src/transport/fetch-transport.ts';
import type { HeaderView } from '../../../src/transport/lane.ts';
import type { GuardedRoutes } from '../../../src/transport/routes/guarded-routes.ts';
import { WireParser } from '../../../src/transport/wire/wire-parser.ts';
import type { Body, BodyHead, Sink } from '../../../src/sinks/sink.ts';
import { type EngineChanges, fetchHere, makeSink } from './engine-world.ts';

const TARGET_COUNT = 24;
/** What a program may throw: errors, and what is none. */
const THROWN: readonly (() => unknown)[] = [
  () => new TypeError('the seam threw'),
  () => new URIError('the seam threw'),
  () => Object.assign(new Error('the seam threw'), { code: 'ECONNREFUSED' }),
  () => 'the seam threw',
  () => undefined,
  () => ({
    toString: () => {
      throw new Error('the seam threw');
    },
  }),
];

async function openOrigin(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/gzip') === true) {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a body'));
    } else if (request.url?.startsWith('/large') === true) {
      response.end(Buffer.alloc(300_000));
    } else response.end('a body');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Throws = () => never;

/** A sink whose `method` throws for the bad target. */
function throwingSink(method: 'begin' | keyof Body, throws: Throws): Sink {
  const inner = makeSink();
  return {
    begin: (head: BodyHead) => {
      const isBad = head.url.includes('bad');
      if (isBad && method === 'begin') throws();
      const body = inner.begin(head);
      return {
        write: (chunk) => (isBad && method === 'write' ? throws() : body.write(chunk)),
        commit: () => (isBad && method === 'commit' ? throws() : body.commit()),
        discard: () => (isBad && method === 'discard' ? throws() : body.discard()),
      };
    },
    close: () => {},
  };
}

/** Routes that change what passes between them and the attempt at the bad target. */
function between(
  change: (receiver: AnswerReceiver) => AnswerReceiver,
  changeControl: (control: RequestControl) => RequestControl = (control) => control,
): NonNullable<EngineChanges['wrapRoutes']> {
  return (routes: GuardedRoutes) => ({
    isPublic: (name) => routes.isPublic(name),
    send: (request, receiver) =>
      request.path.includes('bad')
        ? changeControl(routes.send(request, change(receiver)))
        : routes.send(request, receiver),
  });
}

/** The receiver itself is called on whatever `headers` gives. */
function withHeaders(headers: (view: HeaderView) => HeaderView) {
  return between((receiver) => ({
    onSent: () => receiver.onSent(),
    onHead: (status, text, view) => receiver.onHead(status, text, headers(view)),
    onData: (chunk) => receiver.onData(chunk),
    onEnd: () => receiver.onEnd(),
    onError: (error, loss) => receiver.onError(error, loss),
  }));
}

const SEAMS: Readonly<Record<string, (throws: Throws) => EngineChanges>> = {
  'the sink, when a body begins': (throws) => ({ sink: throwingSink('begin', throws) }),
  'the sink, at a piece of a body': (throws) => ({ sink: throwingSink('write', throws) }),
  'the sink, when a body is to be kept': (throws) => ({ sink: throwingSink('commit', throws) }),
  'the routes, when a request is sent': (throws) => ({
    wrapRoutes: (routes) => ({
      isPublic: (name) => routes.isPublic(name),
      send: (request, receiver) => (request.path.includes('bad') ? throws() : routes.send(request, receiver)),
    }),
  }),
  'a header field, when it is read': (throws) => ({
    wrapRoutes: withHeaders((view) => ({ get: () => throws(), entries: () => view.entries() })),
  }),
  'all header fields, when they are read': (throws) => ({
    wrapRoutes: withHeaders((view) => ({ get: (name) => view.get(name), entries: throws })),
  }),
  'a piece of a body, when it is looked at': (throws) => ({
    wrapRoutes: between((receiver) => ({
      onSent: () => receiver.onSent(),
      onHead: (...head) => receiver.onHead(...head),
      onData: () =>
        receiver.onData(
          new Proxy(Buffer.alloc(1), {
            get: throws,
          }),
        ),
      onEnd: () => receiver.onEnd(),
      onError: (error, loss) => receiver.onError(error, loss),
    })),
  }),
  'the error of a request, when it is judged': (throws) => ({
    wrapRoutes: between((receiver) => ({
      onSent: () => receiver.onSent(),
      onHead: () => receiver.onError(new Proxy(new Error('judged'), { get: throws }), 'own'),
      onData: () => {},
      onEnd: () => {},
      onError: () => {},
    })),
  }),
};

for (const [name, seam] of Object.entries(SEAMS))
  test(`whatever ${name} throws is the failure of one target, and all others are had`, async (t) => {
    const origin = await openOrigin(t);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: TARGET_COUNT - 1 }),
        fc.constantFrom('bad', 'gzip-bad', 'large-bad'),
        fc.constantFrom('auto', 'undici'),
        fc.constantFrom(...THROWN),
        async (badAt, bad, transport, make) => {
          const throws: Throws = () => {
            throw make();
          };
          const urls = Array.from(
            { length: TARGET_COUNT },
            (_, at) => `${origin}/${at === badAt ? bad : at}`,
          );
          const outcomes = await fetchHere(urls, { ...seam(throws), request: { transport }, maxInFlight: 8 });
          assert.equal(outcomes.length, TARGET_COUNT);
          for (const [at, outcome] of outcomes.entries()) {
            if (at !== badAt) assert.equal(outcome.kind, 'ok');
            else if (outcome.kind === 'failed') {
              assert.equal(outcome.code, 'internal');
              assert.match(outcome.detail, /the seam threw|thrown: /u);
            } else assert.fail(`expected a failure, found ${outcome.kind}`);
          }
        },
      ),
      { numRuns: 8, seed: 19 },
    );
  });

test('a control that throws when a request is let go of, and a sink that throws when it lets go, harm nobody', async (t) => {
  const origin = await openOrigin(t);
  const throws: Throws = () => {
    throw new TypeError('the seam threw');
  };
  const urls = Array.from({ length: TARGET_COUNT }, (_, at) => `${origin}/${at === 3 ? 'large-bad' : at}`);
  for (const method of ['abort', 'leave', 'pause', 'resume'] as const) {
    const sink = throwingSink('discard', throws);
    const control = (inner: RequestControl): RequestControl => ({
      pause: () => inner.pause(),
      resume: () => inner.resume(),
      abort: (error) => inner.abort(error),
      leave: () => inner.leave(),
      [method]: throws,
    });
    const wrapRoutes = between((receiver) => receiver, control);
    // The cap ends the attempt in the middle of its body.
    const outcomes = await fetchHere(urls, { sink, wrapRoutes, limits: { maxBodyBytes: 100_000 } });
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      urls.map((_, at) => (at === 3 ? 'failed' : 'ok')),
    );
  }
});

test('what the parser throws ends its connection and fails its target, and no other', async (t) => {
  const origin = await openOrigin(t);
  // oxlint-disable-next-line typescript/unbound-method -- it is applied to the parser it was called on
  const { parse } = WireParser.prototype;
  t.mock.method(
    WireParser.prototype,
    'parse',
    function (this: WireParser, ...bytes: Parameters<typeof parse>) {
      if (bytes[0].subarray(bytes[1], bytes[2]).includes('gzip')) throw new RangeError('the parser threw');
      return parse.apply(this, bytes);
    },
  );
  const urls = Array.from({ length: TARGET_COUNT }, (_, at) => `${origin}/${at === 5 ? 'gzip' : at}`);
  const outcomes = await fetchHere(urls, { maxInFlight: 4 });
  const failed = outcomes.filter(({ kind }) => kind === 'failed');
  assert.deepEqual(
    failed.map((outcome) => [outcome.index, outcome.kind === 'failed' && outcome.code]),
    [[5, 'internal']],
  );
  assert.match(JSON.stringify(failed), /the parser threw.*wire-slot/u);
});

test('a resolver that throws, that calls back with nonsense or not as it promised, fails the targets of its name alone', async (t) => {
  const origin = await openOrigin(t);
  const { port } = new URL(origin);
  for (const transport of ['auto', 'undici'] as const)
    for (const resolver of [
      () => {
        throw new TypeError('the resolver threw');
      },
      (callback: (error: Error | null, addresses?: never) => void) => callback(new TypeError('it failed')),
      (callback: (error: Error | null, addresses?: never) => void) => callback(null, ['no address'] as never),
      (callback: (error: Error | null, addresses?: never) => void) => callback(null),
      (callback: (error: Error | null, addresses?: never) => void) => callback(null, [{}] as never),
    ]) {
      const outcomes = await fetchHere([`${origin}/1`, `http://name.test:${port}/2`, `${origin}/3`], {
        request: { transport },
        names: {
          known: () => null,
          warm: () => {},
          prefer: () => {},
          resolve: (_name, callback) => resolver(callback as never),
        },
      });
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['ok', 'failed', 'ok'],
        JSON.stringify(outcomes),
      );
    }
});

test('a target whose URL is none is a failure of its own', async (t) => {
  const origin = await openOrigin(t);
  const outcomes = await fetchHere([`${origin}/1`, 'http://user:secret@:none/', `${origin}/3`]);
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.kind === 'failed' ? outcome.code : outcome.kind)),
    ['ok', 'internal', 'ok'],
  );
  assert.doesNotMatch(JSON.stringify(outcomes), /secret/u);
});
