import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INCOMPLETE, REFUSED } from '../../../src/transport/wire/wire-head.ts';
import { WireHeads } from '../../../src/transport/wire/wire-heads.ts';
import { AnswerRecorder, OK, parsePieces } from '../../helpers/wire-answers.ts';

const HEAD = `${OK}Server: x\r\nConnection: keep-alive\r\nContent-Length: 2\r\nX-Last: z\r\n\r\n`;

test('a head that differs from the one before in any byte is read anew', () => {
  for (let at = 0; at < HEAD.length; at++) {
    for (const byte of ['\0', '\n', '\r', ' ', '1', '5', 'c', ':', ',']) {
      if (HEAD[at] === byte) continue;
      const changed = `${HEAD.slice(0, at)}${byte}${HEAD.slice(at + 1)}xx`;
      const alone = parsePieces([changed], ['GET']);
      const recorder = new AnswerRecorder(['GET', 'GET']);
      assert.equal(recorder.read(`${HEAD}ok`), undefined);
      const refusal = recorder.read(changed);
      const where = `byte ${at} ${JSON.stringify(byte)}`;
      assert.equal(refusal?.message, alone.refusal?.message, where);
      assert.deepEqual(recorder.answers.slice(1), alone.answers, where);
    }
  }
});

test('the same head again gives the same answer, whatever the framing and wherever the reads end', () => {
  const answers = [
    `${HEAD}ok`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n`,
    'HTTP/1.1 204 No\r\n\r\n',
    `HTTP/1.1 103 E\r\nA: b\r\n\r\n${HEAD}ok`,
  ];
  for (const answer of answers) {
    const thrice = answer.repeat(3);
    const [first] = parsePieces([answer]).answers;
    for (let at = 1; at < thrice.length; at++) {
      const split = parsePieces([thrice.slice(0, at), thrice.slice(at)], ['GET', 'GET', 'GET']);
      assert.equal(split.refusal, undefined);
      assert.deepEqual(split.answers, [first, first, first], `split at ${at}`);
    }
  }
});

test('the method decides about the body, though the head is known', () => {
  const { answers } = parsePieces([`${HEAD}ok${HEAD}${HEAD}no`], ['GET', 'HEAD', 'GET']);
  assert.deepEqual(
    answers.map(({ body }) => body),
    ['ok', '', 'no'],
  );
});

test('a known head that closes closes again', () => {
  const closing = `${OK}Connection: close\r\nContent-Length: 2\r\n\r\nok`;
  const recorder = new AnswerRecorder(['GET', 'GET']);
  for (let count = 0; count < 2; count++) {
    recorder.read(closing);
    assert.equal(recorder.last.end, 'last');
    recorder.parser.reset();
  }
  assert.equal(recorder.answers.length, 2);
});

test('what is read stands on its own: a head that was left incomplete is not touched by the next', () => {
  const heads = new WireHeads();
  const chunk = Buffer.from(HEAD);
  assert.equal(heads.read(chunk, 0, chunk.length - 9), INCOMPLETE);
  const taken = heads.take();
  const other = Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\n');
  assert.equal(heads.read(other, 0, other.length), other.length);
  assert.equal(heads.found.lengthBytes, 7);
  assert.equal(taken.scan(chunk, 0, chunk.length), chunk.length);
  assert.deepEqual([taken.status, taken.lengthBytes], [200, 2]);
  assert.equal(heads.read(other, 0, other.length), other.length);
  assert.deepEqual([heads.found.status, heads.found.lengthBytes], [404, 7]);
});

test('a head is known only while all of it is there, and a long one is read each time', () => {
  const heads = new WireHeads();
  const chunk = Buffer.from(`..${HEAD}`);
  for (let count = 0; count < 2; count++) {
    assert.equal(heads.read(chunk, 2, chunk.length), chunk.length);
    assert.equal(heads.read(chunk, 2, chunk.length - 1), INCOMPLETE);
    assert.equal(heads.read(chunk, 1, chunk.length), REFUSED);
  }
  const long = Buffer.from(`HTTP/1.1 201 C\r\nX: ${'v'.repeat(600)}\r\n\r\n`);
  for (let count = 0; count < 2; count++) {
    assert.equal(heads.read(long, 0, long.length), long.length);
    assert.equal(heads.found.status, 201);
    assert.equal(heads.read(chunk, 2, chunk.length), chunk.length);
    assert.equal(heads.found.status, 200);
  }
});

test('what is asked of a known head is that head’s, also after another one was shown between', () => {
  const first = `${OK}Server: one\r\nContent-Length: 2\r\n\r\nok`;
  const second = `${OK}Server: two\r\nContent-Length: 2\r\n\r\nok`;
  const asked: (string | undefined)[] = [];
  const recorder = new AnswerRecorder(Array.from({ length: 9 }, () => 'GET' as const));
  const record = recorder.onHead.bind(recorder);
  recorder.onHead = (status, headers) => {
    asked.push(headers.get('server'), headers.get('x-none'), headers.get('server'));
    record(status, headers);
  };
  const [half, rest] = [second.slice(0, 30), second.slice(30)];
  for (const read of [first, first, second, first + second, first, half, rest, first, second])
    assert.equal(recorder.read(read), undefined);
  const [one, two] = ['one', 'two'];
  const servers = [one, one, two, one, two, one, two, one, two];
  assert.deepEqual(
    asked,
    servers.flatMap((server) => [server, undefined, server]),
  );
});
