import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { scratchDirectory } from '../helpers/scratch.ts';
import { type Changes, fetchUrls, onlyFailed, onlyOk, serve } from './fetch-world.ts';
import { type Asked, OLD_DATE, type RangedOptions, serveRanges, sha256, TAG } from './ranged-body.ts';

const BODY = randomBytes(3_000_000);
const PIECE = 1_000_000;
const TRANSPORTS = ['auto', 'undici'] as const;

const fetchBody = (t: TestContext, origin: string, changes: Changes = {}) =>
  fetchUrls(t, [`${origin}/big.bin`], { cores: 1, ...changes, limits: { maxRetries: 2, ...changes.limits } });

for (const transport of TRANSPORTS)
  test(`a body whose connection is cut every 50 kB arrives by going on, once each byte (${transport})`, async (t) => {
    const server = await serveRanges(t, { body: BODY.subarray(0, 1_000_000), cutAfterBytes: 50_000 });
    const fetched = await fetchBody(t, server.origin, { request: { transport } });
    const { bytes, sha256: digest, wireBytes, status, attempts, etag } = onlyOk(fetched);
    assert.deepEqual(
      [bytes, wireBytes, status, attempts, etag],
      [1_000_000, 1_000_000, 200, 20, '"one"'],
      'the outcome is that of the whole body',
    );
    assert.equal(digest, sha256(BODY.subarray(0, 1_000_000)));
    assert.ok(readFileSync(join(fetched.root, 'big.bin')).equals(BODY.subarray(0, 1_000_000)));
    assert.equal(server.sentBytes, 1_000_000);
    assert.deepEqual(server.asked[1], ['bytes=50000-', '"one"']);
    assert.deepEqual(server.encodings.slice(0, 2), ['zstd, br, gzip', 'identity']);
    assert.deepEqual(readdirSync(join(fetched.root, '.spillway')).sort(), [
      'journal.db',
      'lock.db',
      'report.json',
    ]);
  });

for (const to of ['out.ndjson', 'out.warc.gz', 'out.tar', 'discard'] as const)
  test(`a body that is cut is gone on with in ${to}, too`, async (t) => {
    const server = await serveRanges(t, { body: BODY, cutAfterBytes: PIECE });
    const output = to === 'discard' ? to : join(scratchDirectory(t), to);
    const fetched = await fetchBody(t, server.origin, { to: output });
    assert.equal(onlyOk(fetched).sha256, sha256(BODY));
    assert.equal(server.sentBytes, BODY.length);
  });

/** What is gone on with and by which If-Range. */
const VALIDATORS: readonly (readonly [
  title: string,
  fields: Record<string, string>,
  ifRange: string | undefined,
])[] = [
  ['a strong tag', { etag: '"a"' }, '"a"'],
  ['a strong tag beside a date', { etag: '"a"', 'last-modified': OLD_DATE }, '"a"'],
  ['a date that is old enough', { 'last-modified': OLD_DATE }, OLD_DATE],
];
for (const [title, fields, ifRange] of VALIDATORS)
  test(`${title} is asked by`, async (t) => {
    const server = await serveRanges(t, { body: BODY, fields, cutAfterBytes: 2_000_000 });
    onlyOk(await fetchBody(t, server.origin));
    assert.deepEqual(server.asked, [
      [undefined, undefined],
      ['bytes=2000000-', ifRange],
    ]);
  });

const NEVER: readonly (readonly [title: string, fields: Record<string, string>])[] = [
  ['no validator', {}],
  ['a weak tag', { etag: 'W/"a"' }],
  ['a weak tag beside a date', { etag: 'W/"a"', 'last-modified': OLD_DATE }],
  ['a tag without quotes', { etag: 'a' }],
  [
    'a date of the very second',
    { 'last-modified': new Date().toUTCString(), date: new Date().toUTCString() },
  ],
  ['a date in the future', { 'last-modified': new Date(Date.now() + 9e9).toUTCString() }],
  ['Accept-Ranges: none', { ...TAG, 'accept-ranges': 'none' }],
  ['a content coding', { ...TAG, 'content-encoding': 'br' }],
];
test('a body that is no longer known to be the same is never gone on with, and fails when attempts are used up', async (t) => {
  const servers = await Promise.all(
    NEVER.map(([, fields]) => serveRanges(t, { body: BODY, fields, cutAfterBytes: 100_000 })),
  );
  const { outcomes } = await fetchUrls(
    t,
    servers.map(({ origin }) => `${origin}/big.bin`),
    { bytes: 'original', limits: { maxRetries: 1 } },
  );
  for (const [at, [title]] of NEVER.entries()) {
    assert.equal(outcomes[at]?.kind, 'failed', title);
    const nothing = [undefined, undefined];
    assert.deepEqual(servers[at]?.asked, [nothing, nothing], title);
  }
});

test('without a validator a body is gone on with where that was asked for, and its length must fit', async (t) => {
  const server = await serveRanges(t, { body: BODY, fields: {}, cutAfterBytes: PIECE });
  const fetched = await fetchBody(t, server.origin, { request: { continuesWithoutValidator: true } });
  assert.equal(onlyOk(fetched).sha256, sha256(BODY));
  assert.deepEqual(server.asked[1], ['bytes=1000000-', undefined]);
});

test('a body in a coding that was cut is asked for as it is, and gone on with then', async (t) => {
  const coded = gzipSync(BODY);
  const plain = await serveRanges(t, {
    body: BODY,
    cutAfterBytes: PIECE,
    lie: (nth, _, response) => {
      if (nth > 1) return false;
      response.writeHead(200, {
        etag: '"coded"',
        'content-encoding': 'gzip',
        'content-length': coded.length,
      });
      response.write(coded.subarray(0, PIECE), () => setImmediate(() => response.socket?.destroySoon()));
      return true;
    },
  });
  const fetched = await fetchBody(t, plain.origin);
  assert.equal(onlyOk(fetched).sha256, sha256(BODY));
  assert.deepEqual(plain.encodings.slice(0, 2), ['zstd, br, gzip', 'identity']);
  assert.equal(plain.sentBytes, BODY.length);
});

/** What the second request, for the rest of the body, is answered with. */
const LIES: readonly (readonly [title: string, answer: (asked: Asked, response: ServerResponse) => void])[] =
  [
    [
      'a part from another offset',
      ({ from }, response) => {
        const start = from - 10;
        response
          .writeHead(206, { ...TAG, 'content-range': `bytes ${start}-${BODY.length - 1}/${BODY.length}` })
          .end(BODY.subarray(start));
      },
    ],
    [
      'a part that says the right offset, of another length',
      ({ from }, response) => {
        response
          .writeHead(206, { ...TAG, 'content-range': `bytes ${from}-${BODY.length - 2}/${BODY.length - 1}` })
          .end(BODY.subarray(from, -1));
      },
    ],
    [
      'a part without Content-Range',
      ({ from }, response) => void response.writeHead(206, TAG).end(BODY.subarray(from)),
    ],
    [
      'a part of an unknown total',
      ({ from }, response) => {
        response
          .writeHead(206, { ...TAG, 'content-range': `bytes ${from}-${BODY.length - 1}/*` })
          .end(BODY.subarray(from));
      },
    ],
    [
      'a part whose Content-Length is not that of its range',
      ({ from }, response) => {
        response.writeHead(206, {
          ...TAG,
          'content-range': `bytes ${from}-${BODY.length - 1}/${BODY.length}`,
          'content-length': BODY.length,
        });
        response.end(BODY);
      },
    ],
    [
      'a part in chunks that is longer than its range',
      ({ from }, response) => {
        response.writeHead(206, {
          ...TAG,
          'content-range': `bytes ${from}-${BODY.length - 1}/${BODY.length}`,
        });
        response.write(BODY.subarray(from));
        response.end('and more');
      },
    ],
    [
      'gzip on top',
      ({ from }, response) => {
        response
          .writeHead(206, {
            ...TAG,
            'content-encoding': 'gzip',
            'content-range': `bytes ${from}-${BODY.length - 1}/${BODY.length}`,
          })
          .end(gzipSync(BODY.subarray(from)));
      },
    ],
    [
      'a part of another body',
      ({ from }, response) => {
        response
          .writeHead(206, {
            etag: '"two"',
            'content-range': `bytes ${from}-${BODY.length - 1}/${BODY.length}`,
          })
          .end(Buffer.alloc(BODY.length - from));
      },
    ],
    [
      '200 with the same tag and no body',
      (_, response) => void response.writeHead(200, { ...TAG, 'content-length': 0 }).end(),
    ],
    [
      '416 of another length',
      (_, response) => void response.writeHead(416, { 'content-range': 'bytes */7' }).end(),
    ],
    ['416 that says nothing', (_, response) => void response.writeHead(416).end()],
  ];
for (const transport of TRANSPORTS)
  test(`an answer that is not exactly the rest that was asked for is never appended (${transport})`, async (t) => {
    const servers = await Promise.all(
      LIES.map(([, answer]) =>
        serveRanges(t, {
          body: BODY,
          cutAfterBytes: BODY.length,
          lie: (nth, asked, response) => {
            if (nth > 2) return false;
            if (nth === 2) answer(asked, response);
            else {
              response.writeHead(200, { ...TAG, 'content-length': BODY.length });
              response.write(BODY.subarray(0, PIECE), () =>
                setImmediate(() => response.socket?.destroySoon()),
              );
            }
            return true;
          },
        }),
      ),
    );
    const urls = servers.map(({ origin }) => `${origin}/big.bin`);
    const { outcomes, report, root } = await fetchUrls(t, urls, {
      request: { transport },
      limits: { maxRetries: 2 },
    });
    for (const [at, [title]] of LIES.entries()) {
      const outcome = outcomes[at];
      assert.equal(outcome?.kind, 'ok', `${title}: ${JSON.stringify(outcome)}`);
      const { sha256: digest, stored } = outcome;
      assert.equal(digest, sha256(BODY), title);
      assert.ok(readFileSync(join(root, stored.path)).equals(BODY), title);
      const ranges = servers[at]?.asked.map(([range]) => range);
      assert.deepEqual(ranges, [undefined, 'bytes=1000000-', undefined], title);
    }
    assert.match(
      report.findings.join('\n'),
      new RegExp(`${LIES.length} bodies were begun anew: what was answered did not fit`, 'u'),
    );
  });

test('a chunked 200 with the same tag that ends early is no body', async (t) => {
  const server = await serveRanges(t, {
    body: BODY,
    cutAfterBytes: PIECE,
    lie: (nth, _, response) => {
      if (nth === 1) return false;
      response.writeHead(200, TAG);
      response.end();
      return true;
    },
  });
  const failure = onlyFailed(await fetchBody(t, server.origin, { limits: { maxRetries: 1 } }));
  assert.equal(failure.code, 'body-mismatch');
  assert.match(failure.detail, /expected 3000000 bytes in all, found 0/u);
});

test('a server that lies about every range is asked for the whole body, until attempts are used up', async (t) => {
  const server = await serveRanges(t, {
    body: BODY,
    cutAfterBytes: PIECE,
    lie: (_, { from }, response) => {
      if (from === 0) return false;
      response.writeHead(206, { 'content-range': `bytes 0-${BODY.length - 1}/${BODY.length}` }).end(BODY);
      return true;
    },
  });
  assert.equal(
    onlyFailed(await fetchBody(t, server.origin, { limits: { maxRetries: 1 } })).code,
    'body-mismatch',
  );
  assert.ok(server.asked.length <= 5, `${server.asked.length} requests`);
});

test('a body that has changed meanwhile is begun anew, and the account says so', async (t) => {
  const second = randomBytes(2_500_000);
  const server = await serveRanges(t, {
    body: BODY,
    cutAfterBytes: PIECE,
    lie: (nth, _, response) => {
      if (nth === 1) return false;
      response.writeHead(200, { etag: '"two"', 'content-length': second.length }).end(second);
      return true;
    },
  });
  const fetched = await fetchBody(t, server.origin);
  const { sha256: digest, etag } = onlyOk(fetched);
  assert.deepEqual([digest, etag], [sha256(second), '"two"']);
  assert.match(fetched.report.findings.join('\n'), /1 bodies had changed at their server/u);
});

test('a server that answers 200 to every range is asked for no more of them', async (t) => {
  let count = 0;
  const origin = await serve(t, (request, response) => {
    count++;
    assert.equal(count > 2 && request.headers.range !== undefined, false);
    response.writeHead(200, { ...TAG, 'content-length': BODY.length });
    if (count === 4) response.end(BODY);
    else response.write(BODY.subarray(0, PIECE), () => setImmediate(() => response.socket?.destroySoon()));
  });
  const fetched = await fetchBody(t, origin, { limits: { maxRetries: 3 } });
  assert.equal(onlyOk(fetched).sha256, sha256(BODY));
  assert.equal(count, 4);
});

test('parts shorter than what was asked for are taken one after the other', async (t) => {
  const server = await serveRanges(t, {
    body: BODY,
    cutAfterBytes: PIECE,
    lie: (_, { from }, response) => {
      if (from === 0) return false;
      const end = Math.min(BODY.length, from + 700_000);
      response.writeHead(206, {
        ...TAG,
        'content-range': `bytes ${from}-${end - 1}/${BODY.length}`,
        'content-length': end - from,
      });
      response.end(BODY.subarray(from, end));
      return true;
    },
  });
  assert.equal(onlyOk(await fetchBody(t, server.origin)).sha256, sha256(BODY));
});

test('416 with the length of what is there means that nothing is missing', async (t) => {
  const lone = await serveRanges(t, {
    body: BODY,
    cutAfterBytes: BODY.length,
    // In chunks, of which the last never comes: all bytes are there, and nobody said so.
    lie: (nth, _, response) => {
      if (nth > 1) return false;
      response.writeHead(200, TAG);
      response.write(BODY, () => setImmediate(() => response.socket?.destroySoon()));
      return true;
    },
  });
  const fetched = await fetchBody(t, lone.origin);
  assert.equal(onlyOk(fetched).sha256, sha256(BODY));
  assert.deepEqual(lone.asked[1], [`bytes=${BODY.length}-`, '"one"']);
});

test('a redirect in between leads to the rest, and one to another place to the whole', async (t) => {
  const other = await serveRanges(t, { body: BODY, cutAfterBytes: BODY.length, fields: TAG });
  for (const isMoved of [false, true]) {
    let redirects = 0;
    const options: RangedOptions = {
      body: BODY,
      cutAfterBytes: 2_000_000,
      lie: (_, { request }, response) => {
        if (request.url !== '/big.bin') return false;
        redirects++;
        const to = isMoved && redirects > 1 ? `${other.origin}/there` : `/there?signed=${redirects}`;
        response.writeHead(302, { location: to }).end();
        return true;
      },
    };
    const server = await serveRanges(t, options);
    const fetched = await fetchBody(t, server.origin);
    const { sha256: digest, redirects: followed } = onlyOk(fetched);
    assert.deepEqual([digest, followed], [sha256(BODY), 1]);
    const last = (isMoved ? other : server).asked.at(-1);
    assert.deepEqual(last, isMoved ? [undefined, undefined] : ['bytes=2000000-', '"one"']);
  }
});

test('attempts that bring nothing are not renewed', async (t) => {
  const server = await serveRanges(t, {
    body: BODY,
    cutAfterBytes: PIECE,
    lie: (nth, _, response) => {
      if (nth === 1) return false;
      response.socket?.destroy();
      return true;
    },
  });
  const { outcomes, root } = await fetchBody(t, server.origin, { limits: { maxRetries: 2 } });
  assert.equal(outcomes[0]?.kind, 'failed');
  // The attempt that brought a megabyte began the count; a kept connection that had ended is no attempt.
  assert.ok(server.asked.length >= 3 && server.asked.length <= 6, `${server.asked.length} requests`);
  assert.ok(!existsSync(join(root, 'big.bin')));
});
