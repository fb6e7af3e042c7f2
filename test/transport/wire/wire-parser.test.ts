import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AnswerRecorder,
  byteByByte,
  OK,
  type ParsedAnswer,
  parsePieces,
} from '../../helpers/wire-answers.ts';

interface ValidCase {
  readonly name: string;
  readonly bytes: string;
  readonly asked?: readonly ('GET' | 'HEAD')[];
  readonly answers: readonly Partial<ParsedAnswer>[];
}

const VALID: readonly ValidCase[] = [
  {
    name: 'a counted body',
    bytes: `${OK}Content-Length: 5\r\n\r\nhello`,
    answers: [{ status: 200, headers: [['content-length', '5']], body: 'hello', end: 'reusable' }],
  },
  {
    name: 'a length without a space before it, with leading zeros',
    bytes: `${OK}content-length:0005\r\n\r\nhello`,
    answers: [{ body: 'hello', end: 'reusable' }],
  },
  {
    name: 'an empty body',
    bytes: `${OK}Content-Length: 0\r\n\r\n`,
    answers: [{ body: '', end: 'reusable' }],
  },
  {
    name: 'a body of line ends and colons',
    bytes: `${OK}Content-Length: 8\r\n\r\n\r\n\r\n:\r\n\r`,
    answers: [{ body: '\r\n\r\n:\r\n\r', end: 'reusable' }],
  },
  {
    name: 'chunks in both letter cases with trailers',
    bytes: `${OK}Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\na\r\n9876543210\r\n00\r\nX-Sum: 1\r\nX-Two: \r\n\r\n`,
    answers: [
      {
        headers: [['transfer-encoding', 'Chunked']],
        body: 'abc01234567899876543210',
        end: 'reusable',
      },
    ],
  },
  {
    name: 'chunks without trailers',
    bytes: `${OK}transfer-encoding: chunked\r\n\r\n1\r\n\r\r\n0\r\n\r\n`,
    answers: [{ body: '\r', end: 'reusable' }],
  },
  {
    name: 'only the last chunk',
    bytes: `${OK}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    answers: [{ body: '', end: 'reusable' }],
  },
  {
    name: 'an empty reason phrase',
    bytes: `HTTP/1.1 503 \r\nContent-Length: 1\r\n\r\nx`,
    answers: [{ status: 503, body: 'x', end: 'reusable' }],
  },
  {
    name: 'values with spaces around, tabs inside, bytes above 127, and none at all',
    bytes: `${OK}A: \t a b\tc \r\nB:\r\nC:x\r\n!#$%&'*+-.^_\`|~9Z: é\r\nContent-Length: 0\r\n\r\n`,
    answers: [
      {
        headers: [
          ['a', 'a b\tc '],
          ['b', ''],
          ['c', 'x'],
          ["!#$%&'*+-.^_`|~9z", 'é'],
          ['content-length', '0'],
        ],
        end: 'reusable',
      },
    ],
  },
  {
    name: '204, whose empty body needs no length',
    bytes: 'HTTP/1.1 204 No Content\r\nA: b\r\n\r\n',
    answers: [{ status: 204, body: '', end: 'reusable' }],
  },
  {
    name: '304 without a length',
    bytes: 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    answers: [{ status: 304, body: '', end: 'reusable' }],
  },
  {
    name: '304 that names a length: no body, and the connection is not used again',
    bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
    answers: [{ status: 304, body: '', end: 'last' }],
  },
  {
    name: 'an answer to HEAD, which has no body whatever its length says',
    bytes: `${OK}Content-Length: 5\r\n\r\n`,
    asked: ['HEAD'],
    answers: [{ body: '', end: 'reusable' }],
  },
  {
    name: 'an answer to HEAD that would be chunked',
    bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n`,
    asked: ['HEAD'],
    answers: [{ body: '', end: 'reusable' }],
  },
  {
    name: 'an answer to HEAD without any framing, after which the connection is not used again',
    bytes: `${OK}A: b\r\n\r\n`,
    asked: ['HEAD'],
    answers: [{ body: '', end: 'last' }],
  },
  {
    name: 'an answer to HEAD without any framing that says keep-alive',
    bytes: `${OK}Connection: Keep-Alive\r\n\r\n`,
    asked: ['HEAD'],
    answers: [{ body: '', end: 'reusable' }],
  },
  {
    name: '1xx answers before the final one, which are skipped',
    bytes: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
    answers: [{ status: 200, headers: [['content-length', '2']], body: 'ok', end: 'reusable' }],
  },
  {
    name: 'Connection: close',
    bytes: `${OK}Connection: keep-alive, ,Close\r\nContent-Length: 2\r\n\r\nok`,
    answers: [{ body: 'ok', end: 'last' }],
  },
  {
    name: 'Connection: close with chunks',
    bytes: `${OK}connection: CLOSE\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    answers: [{ body: 'ok', end: 'last' }],
  },
  {
    name: 'a word of Connection that only contains close',
    bytes: `${OK}Connection: closed, x-close\r\nContent-Length: 2\r\n\r\nok`,
    answers: [{ body: 'ok', end: 'reusable' }],
  },
  {
    name: 'HTTP/1.0 with a length, whose connection is not used again',
    bytes: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
    answers: [{ body: 'ok', end: 'last' }],
  },
  {
    name: 'three answers in a row, one of each framing',
    bytes: `${OK}Content-Length: 1\r\n\r\n1HTTP/1.1 204 None\r\n\r\nHTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n3\r\n0\r\n\r\n`,
    asked: ['GET', 'GET', 'GET'],
    answers: [
      { status: 200, body: '1', end: 'reusable' },
      { status: 204, body: '', end: 'reusable' },
      { status: 404, body: '3', end: 'reusable' },
    ],
  },
  {
    name: 'field names as long as those of framing, and framing words in values',
    bytes: `${OK}connectiom: close\r\ncontent-lengtj: 9\r\ntransfer-encodinh: x\r\nproxy-connectiom: close\r\nx: content-length: 7\r\nContent-Length: 2\r\n\r\nok`,
    answers: [{ body: 'ok', end: 'reusable' }],
  },
];

function assertAnswers(
  actual: readonly ParsedAnswer[],
  expected: readonly Partial<ParsedAnswer>[],
  how: string,
) {
  assert.equal(actual.length, expected.length, how);
  for (const [index, answer] of actual.entries())
    assert.deepEqual({ ...answer, ...expected[index] }, answer, how);
}

for (const { name, bytes, asked, answers } of VALID) {
  test(`${name}: the same in one read, in two split anywhere, and byte by byte`, () => {
    const whole = parsePieces([bytes], asked);
    assert.equal(whole.refusal, undefined);
    assertAnswers(whole.answers, answers, 'in one read');
    for (let at = 1; at < bytes.length; at++) {
      const split = parsePieces([bytes.slice(0, at), bytes.slice(at)], asked);
      assert.equal(split.refusal, undefined, `split at ${at}`);
      assert.deepEqual(split.answers, whole.answers, `split at ${at}`);
    }
    assert.deepEqual(parsePieces(byteByByte(bytes), asked).answers, whole.answers, 'byte by byte');
  });
}

test('three reads split anywhere give the same answers', () => {
  const bytes = `HTTP/1.1 103 E\r\n\r\n${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n`;
  const whole = parsePieces([bytes]);
  for (let first = 1; first < bytes.length - 1; first++) {
    for (let second = first + 1; second < bytes.length; second++) {
      const pieces = [bytes.slice(0, first), bytes.slice(first, second), bytes.slice(second)];
      assert.deepEqual(parsePieces(pieces), whole, `split at ${first} and ${second}`);
    }
  }
});

test('a thousand answers in one read are a thousand answers', () => {
  let bytes = '';
  for (let index = 0; index < 1000; index++)
    bytes += `${OK}Content-Length: ${`${index}`.length}\r\n\r\n${index}`;
  const { answers, refusal } = parsePieces(
    [bytes],
    Array.from({ length: 1000 }, () => 'GET' as const),
  );
  assert.equal(refusal, undefined);
  assert.deepEqual(
    answers.map(({ body }) => Number(body)),
    Array.from({ length: 1000 }, (_, index) => index),
  );
});

test('what follows the last answer of a connection is not looked at', () => {
  const bytes = `${OK}Connection: close\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Poison\r\n\r\n`;
  const { answers, refusal, beganCount } = parsePieces([bytes], ['GET', 'GET']);
  assert.equal(refusal, undefined);
  assert.equal(beganCount, 1);
  assertAnswers(answers, [{ body: 'ok', end: 'last' }], 'one answer');
});

test('a body without length or chunks lasts until the other side ends', () => {
  const recorder = new AnswerRecorder(['GET']);
  assert.equal(recorder.read('HTTP/1.1 200 OK\r\nA: b\r\n\r\nall '), undefined);
  assert.equal(recorder.read('of it'), undefined);
  assert.equal(recorder.last.end, 'open');
  assert.equal(recorder.parser.finish(), undefined);
  assertAnswers(recorder.answers, [{ body: 'all of it', end: 'last' }], 'until the end');
});

test('an end between answers cuts nothing, one inside an answer says what is missing', () => {
  const recorder = new AnswerRecorder(['GET', 'GET']);
  assert.equal(recorder.parser.finish(), undefined);
  recorder.parser.reset();
  recorder.read(`${OK}Content-Length: 5\r\n\r\nhe`);
  assert.equal(recorder.parser.isAnswering, true);
  const cut = recorder.parser.finish();
  assert.equal(cut?.code, 'body-mismatch');
  assert.match(cut?.message ?? '', /3 more bytes/);
  recorder.parser.reset();
  recorder.read(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`);
  assert.equal(recorder.parser.finish()?.code, 'connection-lost');
});

test('a parser that is stopped from inside a callback takes no further byte', () => {
  const bytes = `${OK}Content-Length: 3\r\n\r\nabc${OK}Content-Length: 1\r\n\r\nx`;
  for (const moment of ['onHead', 'onData', 'onEnd'] as const) {
    const recorder = new AnswerRecorder(['GET', 'GET']);
    const original = recorder[moment].bind(recorder) as (...all: unknown[]) => void;
    recorder[moment] = (...all: unknown[]) => {
      original(...all);
      recorder.parser.stop();
    };
    assert.equal(recorder.read(bytes), undefined);
    assert.equal(recorder.read(bytes), undefined);
    assert.equal(recorder.answers.length, 1, moment);
    assert.equal(recorder.last.body, moment === 'onHead' ? '' : 'abc');
    assert.equal(recorder.last.end, moment === 'onEnd' ? 'reusable' : 'open');
  }
});

test('a head may be as large as its cap and not a byte larger, in one read or in many', () => {
  const head = `${OK}Content-Length: 2\r\nX: ${'v'.repeat(80)}\r\n\r\n`;
  for (const pieces of [[`${head}ok`], byteByByte(`${head}ok`)]) {
    assert.equal(parsePieces(pieces, ['GET'], head.length).answers[0]?.body, 'ok');
    const { answers, refusal } = parsePieces(pieces, ['GET'], head.length - 1);
    assert.equal(refusal?.code, 'unsupported-framing');
    assert.deepEqual(answers, []);
  }
  const endless = parsePieces([OK, ...Array.from({ length: 100 }, () => 'x-more: of it\r\n')], ['GET'], 512);
  assert.equal(endless.refusal?.code, 'unsupported-framing');
});

test('trailers have the same cap', () => {
  const start = `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n`;
  const trailers = `T: ${'v'.repeat(200)}\r\n\r\n`;
  assert.equal(parsePieces([start + trailers], ['GET'], trailers.length).answers[0]?.end, 'reusable');
  const { answers, refusal } = parsePieces([start + trailers], ['GET'], trailers.length - 1);
  assert.equal(refusal?.code, 'unsupported-framing');
  assert.equal(answers[0]?.end, 'open');
});

test('bytes that come when nothing was asked begin no answer', () => {
  const bytes = `${OK}Content-Length: 2\r\n\r\nok`;
  const { answers, refusal, beganCount } = parsePieces([bytes], []);
  assert.equal(refusal?.code, 'unsupported-framing');
  assert.equal(beganCount, 0);
  assert.deepEqual(answers, []);
  const second = parsePieces([bytes + bytes], ['GET']);
  assert.equal(second.refusal?.code, 'unsupported-framing');
  assertAnswers(second.answers, [{ body: 'ok', end: 'reusable' }], 'the first alone');
});

test('fields of one name are joined by get and kept apart by entries', () => {
  const recorder = new AnswerRecorder(['GET']);
  let joined: string | undefined;
  let absent: string | undefined;
  const original = recorder.onHead.bind(recorder);
  recorder.onHead = (status, headers) => {
    joined = headers.get('a');
    absent = headers.get('toString');
    original(status, headers);
  };
  recorder.read(`${OK}A: 1\r\nContent-Length: 0\r\na: 2\r\n\r\n`);
  assert.equal(joined, '1, 2');
  assert.equal(absent, undefined);
  assert.deepEqual(recorder.last.headers, [
    ['a', '1'],
    ['content-length', '0'],
    ['a', '2'],
  ]);
});
