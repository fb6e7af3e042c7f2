import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeanParser, NEEDS_MORE, NOT_LEAN } from '../../../src/server/lean/lean-parser.ts';

function parse(text: string, parser = new LeanParser()): [after: number, number: number] {
  const bytes = Buffer.from(text, 'latin1');
  return [parser.parse(bytes, 0, bytes.length), parser.number];
}

const GOOD = [
  'GET /0 HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /41 HTTP/1.1\r\nhost:127.0.0.1:8000\r\n\r\n',
  'GET /99999999 HTTP/1.1\r\nHost: x\r\nconnection: keep-alive\r\n\r\n',
  'GET /7 HTTP/1.1\r\nUser-Agent: a b\tc\r\nHOST: x\r\nX-Empty:\r\nX-Latin: \xe9\r\nConnection:  Keep-Alive \r\n\r\n',
];

test('a plain GET of a number is read whole, and what follows it is left', () => {
  for (const text of GOOD) {
    const number = Number(/\/(\d+)/.exec(text)?.[1]);
    assert.deepEqual(parse(text), [text.length, number]);
    assert.deepEqual(parse(`${text}GET /`), [text.length, number]);
  }
});

test('each true beginning of such a request needs more, at every byte', () => {
  for (const text of GOOD) {
    const warm = new LeanParser();
    assert.equal(parse(text, warm)[0], text.length);
    for (let length = 0; length < text.length; length += 1) {
      assert.equal(parse(text.slice(0, length))[0], NEEDS_MORE, JSON.stringify(text.slice(0, length)));
      assert.equal(parse(text.slice(0, length), warm)[0], NEEDS_MORE, JSON.stringify(text.slice(0, length)));
    }
  }
});

const HOST = 'Host: x\r\n';
const OTHERS: Record<string, string> = {
  'another method': `POST /1 HTTP/1.1\r\n${HOST}\r\n`,
  HEAD: `HEAD /1 HTTP/1.1\r\n${HOST}\r\n`,
  'a method in lower case': `get /1 HTTP/1.1\r\n${HOST}\r\n`,
  'HTTP/1.0': `GET /1 HTTP/1.0\r\n${HOST}\r\n`,
  'HTTP/1.2': `GET /1 HTTP/1.2\r\n${HOST}\r\n`,
  'another route': `GET /stats HTTP/1.1\r\n${HOST}\r\n`,
  'the root': `GET / HTTP/1.1\r\n${HOST}\r\n`,
  'a leading zero': `GET /01 HTTP/1.1\r\n${HOST}\r\n`,
  'a sign': `GET /-1 HTTP/1.1\r\n${HOST}\r\n`,
  'nine digits': `GET /123456789 HTTP/1.1\r\n${HOST}\r\n`,
  'a query string': `GET /1?x HTTP/1.1\r\n${HOST}\r\n`,
  'a percent-encoded digit': `GET /%31 HTTP/1.1\r\n${HOST}\r\n`,
  'an absolute target': `GET http://x/1 HTTP/1.1\r\n${HOST}\r\n`,
  'two spaces': `GET  /1 HTTP/1.1\r\n${HOST}\r\n`,
  'an empty line before': `\r\nGET /1 HTTP/1.1\r\n${HOST}\r\n`,
  'a bare LF after the request line': `GET /1 HTTP/1.1\n${HOST}\r\n`,
  'a bare LF after a field': 'GET /1 HTTP/1.1\r\nHost: x\n\r\n',
  'a bare LF as the empty line': `GET /1 HTTP/1.1\r\n${HOST}\n`,
  'a bare CR in a field': 'GET /1 HTTP/1.1\r\nHost: x\ry\r\n\r\n',
  'a folded field': `GET /1 HTTP/1.1\r\n${HOST} folded\r\n\r\n`,
  'a space before the colon': 'GET /1 HTTP/1.1\r\nHost : x\r\n\r\n',
  'a field without a name': `GET /1 HTTP/1.1\r\n${HOST}: x\r\n\r\n`,
  'a field without a colon': `GET /1 HTTP/1.1\r\n${HOST}nothing\r\n\r\n`,
  'a NUL in a value': 'GET /1 HTTP/1.1\r\nHost: x\0\r\n\r\n',
  'a DEL in a value': 'GET /1 HTTP/1.1\r\nHost: x\x7f\r\n\r\n',
  'no Host': 'GET /1 HTTP/1.1\r\nAccept: x\r\n\r\n',
  'no field at all': 'GET /1 HTTP/1.1\r\n\r\n',
  'two Hosts': `GET /1 HTTP/1.1\r\n${HOST}${HOST}\r\n`,
  'a length': `GET /1 HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
  chunks: `GET /1 HTTP/1.1\r\n${HOST}transfer-encoding: chunked\r\n\r\n`,
  'an expectation': `GET /1 HTTP/1.1\r\n${HOST}Expect: 100-continue\r\n\r\n`,
  'an upgrade': `GET /1 HTTP/1.1\r\n${HOST}Upgrade: h2c\r\n\r\n`,
  'a connection to close': `GET /1 HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  'a connection with options': `GET /1 HTTP/1.1\r\n${HOST}Connection: keep-alive, close\r\n\r\n`,
  'an endless field': `GET /1 HTTP/1.1\r\n${HOST}X: ${'y'.repeat(5000)}`,
  'an endless name': `GET /1 HTTP/1.1\r\n${HOST}${'y'.repeat(5000)}`,
};

for (const [what, text] of Object.entries(OTHERS)) {
  test(`${what} is left to the full parser`, () => {
    assert.equal(parse(text)[0], NOT_LEAN);
    const warm = new LeanParser();
    for (const good of GOOD) parse(good, warm);
    assert.equal(parse(text, warm)[0], NOT_LEAN);
    // Once its oddness is in, no further byte is waited for; before, it may look like the beginning of a good one.
    let isOdd = false;
    for (let length = 1; length <= Math.min(text.length, 200); length += 1) {
      const [after] = parse(text.slice(0, length));
      assert.ok(after < 0);
      assert.ok(!isOdd || after === NOT_LEAN);
      isOdd = after === NOT_LEAN;
    }
  });
}

test('a header section like the one before is not taken for it when a byte differs', () => {
  const parser = new LeanParser();
  const good = 'GET /1 HTTP/1.1\r\nHost: x\r\nAccept: a\r\n\r\n';
  assert.equal(parse(good, parser)[0], good.length);
  assert.equal(parse(good.replace('Accept: a\r\n', 'Expect: a\r\n'), parser)[0], NOT_LEAN);
  const longer = good.replace('Accept: a', 'Accept: ab');
  assert.equal(parse(longer, parser)[0], longer.length);
  assert.equal(parse(good, parser)[0], good.length);
});
