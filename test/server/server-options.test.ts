import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpillwayError } from '../../src/model/errors.ts';
import { portsOfReplica } from '../../src/server/cluster.ts';
import { resolveServerOptions } from '../../src/server/server-options.ts';
import type { ServerOptions } from '../../src/server/server-options.ts';

test('without options the server is the one of the reference: one second, 25 files, five a page', () => {
  const { host, port, delayMs, files, maxPerPage, items, replicas, lean } = resolveServerOptions();
  assert.deepEqual(
    { host, port, delayMs, files, maxPerPage, items, replicas, lean },
    {
      host: '127.0.0.1',
      port: 0,
      delayMs: 1000,
      files: 25,
      maxPerPage: 5,
      items: 10_000,
      replicas: 1,
      lean: false,
    },
  );
});

test('an option out of its range is refused by name, all at once', () => {
  const bad: ServerOptions[] = [
    { port: 65_536 },
    { port: -1 },
    { replicas: 0 },
    { replicas: 1.5 },
    { replicas: 99_999 },
    { delayMs: -1 },
    { delayMs: Number.NaN },
    { items: 0 },
    { items: 2 ** 26 + 1 },
    { files: -1 },
    { maxPerPage: 0 },
    { destinations: 0 },
    { backlog: 0 },
    { listenersPerReplica: 0 },
    { drainMs: -1 },
    { host: '' },
  ];
  for (const options of bad) {
    const [name = ''] = Object.keys(options);
    assert.throws(
      () => resolveServerOptions(options),
      (error: SpillwayError) => error.code === 'ERR_OPTION' && error.message.startsWith(`${name}: expected `),
      JSON.stringify(options),
    );
  }
  assert.throws(() => resolveServerOptions({ items: 0, replicas: 0 }), /replicas: .*\nitems: /s);
  assert.throws(() => resolveServerOptions({ port: 65_530, destinations: 4, h2c: true }), SpillwayError);
  assert.equal(resolveServerOptions({ port: 65_530, destinations: 3, h2c: true }).port, 65_530);
});

test('an option that the server does not have is refused, not ignored, and so is what holds none', () => {
  const misspelt = { delay: 1, items: 0 } as ServerOptions;
  assert.throws(() => resolveServerOptions(misspelt), {
    code: 'ERR_OPTION',
    message:
      /^items: .*\ndelay: expected an option of the server \(host, .*delayMs, .*\), found none of that name$/,
  });
  assert.throws(() => resolveServerOptions(null as unknown as ServerOptions), {
    code: 'ERR_OPTION',
    message: 'expected an object of server options, found null',
  });
});

test('with at least as many destinations as replicas each destination belongs to one replica', () => {
  const ports = [1, 2, 3, 4, 5];
  assert.deepEqual(
    [0, 1, 2].map((index) => portsOfReplica(ports, index, 3)),
    [[1, 4], [2, 5], [3]],
  );
  assert.deepEqual(
    [0, 1].map((index) => portsOfReplica([1], index, 2)),
    [[1], [1]],
  );
});
