import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { errors } from 'undici';
import { FAILURE_CODES, type FailureCode } from '../../src/model/errors.ts';
import { classify, describeError } from '../../src/transport/classify.ts';
import { LaneError } from '../../src/transport/lane-error.ts';

function coded(code: string, options?: ErrorOptions): Error {
  return Object.assign(new Error('it failed', options), { code });
}

const TABLE: readonly (readonly [error: unknown, code: FailureCode])[] = [
  [coded('ECONNREFUSED'), 'connect-refused'],
  [coded('ECONNRESET'), 'connection-lost'],
  [coded('EPIPE'), 'connection-lost'],
  [coded('EMFILE'), 'out-of-files'],
  [coded('ENFILE'), 'out-of-files'],
  [coded('EADDRNOTAVAIL'), 'out-of-ports'],
  [coded('ENOBUFS'), 'out-of-buffers'],
  [coded('EAGAIN'), 'out-of-buffers'],
  [coded('ENOTFOUND'), 'name-unknown'],
  [coded('CERT_HAS_EXPIRED'), 'tls'],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'tls'],
  [coded('HPE_INVALID_CONSTANT'), 'protocol'],
  [coded('HPE_HEADER_OVERFLOW'), 'headers-too-large'],
  [coded('ERR_HTTP2_STREAM_ERROR'), 'connection-lost'],
  [coded('ERR_HTTP2_INVALID_CONNECTION_HEADERS'), 'protocol'],
  [new errors.HTTPParserError('Response does not match the HTTP/1.1 protocol'), 'protocol'],
  [new errors.SocketError('other side closed'), 'connection-lost'],
  [new errors.HeadersOverflowError(), 'headers-too-large'],
  [new errors.ConnectTimeoutError(), 'connect-timeout'],
  [new errors.ResponseContentLengthMismatchError(), 'body-mismatch'],
  [new Error('outer', { cause: coded('ECONNREFUSED') }), 'connect-refused'],
  [coded('SOMETHING_NEW', { cause: coded('EMFILE') }), 'out-of-files'],
  [new AggregateError([coded('ENETUNREACH'), coded('ECONNREFUSED')]), 'connect-failed'],
  [new Error('no code at all'), 'unknown'],
  [Object.assign(new Error('a number'), { code: 7 }), 'unknown'],
  ['a string', 'unknown'],
  [undefined, 'unknown'],
  [null, 'unknown'],
];

for (const [error, code] of TABLE) {
  test(`${describeError(error)} is ${code}`, () => assert.equal(classify(error), code));
}

test('an error of a lane means what it says', () => {
  const own = [
    'connect-timeout',
    'first-byte-timeout',
    'idle-timeout',
    'total-timeout',
    'unsupported-framing',
    'aborted',
    'connection-lost',
    'protocol',
    'headers-too-large',
    'body-too-large',
    'dns',
  ] as const;
  for (const code of own) {
    assert.ok(FAILURE_CODES.includes(code));
    assert.equal(classify(new LaneError(code, 'as found')), code);
  }
});

test('a chain of causes that bites its own tail ends', () => {
  const error = new Error('round');
  error.cause = error;
  assert.equal(classify(error), 'unknown');
});

test('a refused connection of the system is a refused connection', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const [error] = (await once(
    connect(port, '127.0.0.1').on('connect', () => {}),
    'error',
  ).catch((thrown: unknown) => [thrown])) as [unknown];
  assert.equal(classify(error), 'connect-refused');
  assert.match(describeError(error), /ECONNREFUSED/);
});

test('an error is described by its code and message on one line, without a stack', () => {
  assert.equal(describeError(coded('EPIPE')), 'EPIPE: it failed');
  assert.equal(describeError(new Error('')), 'Error');
  assert.equal(describeError('text'), 'text');
});
