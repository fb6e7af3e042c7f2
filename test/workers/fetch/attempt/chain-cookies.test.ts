import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChainCookies } from '../../../../src/workers/fetch/attempt/chain-cookies.ts';

const FROM = 'https://www.a.test/dir/page';

for (const [line, to, expected] of [
  ['id=1', 'https://www.a.test/dir/other', 'id=1'],
  ['id=1', 'https://www.a.test/elsewhere', null],
  ['id=1; Path=/', 'https://www.a.test/elsewhere', 'id=1'],
  ['id=1; Path=/', 'https://a.test/', null],
  ['id=1; Path=/', 'https://www.b.test/', null],
  ['id=1; Path=/; Domain=.a.test', 'https://a.test/', 'id=1'],
  ['id=1; Path=/; Domain=a.test', 'https://login.a.test/', 'id=1'],
  ['id=1; Path=/; Domain=b.test', 'https://b.test/', null],
  ['id=1; Path=/; Domain=test', 'https://b.test/', null],
  ['id=1; Path=/; Secure', 'http://www.a.test/', null],
  ['id=1; Path=/; Max-Age=0', 'https://www.a.test/', null],
  ['id=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'https://www.a.test/', null],
  ['id=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60', 'https://www.a.test/', 'id=1'],
  ['id="a=b"; Path=/', 'https://www.a.test/', 'id="a=b"'],
  ['=1; Path=/', 'https://www.a.test/', null],
  ['id=a\r\nhost: evil; Path=/', 'https://www.a.test/', null],
  [`id=${'x'.repeat(5000)}; Path=/`, 'https://www.a.test/', null],
] as const)
  test(`the cookie ${JSON.stringify(line.slice(0, 60))} goes ${expected === null ? 'not' : 'on'} to ${to}`, () => {
    const cookies = new ChainCookies();
    cookies.take(new URL(FROM), [line]);
    assert.equal(cookies.fieldFor(new URL(to)), expected);
  });

test('a later cookie of a name takes the place of the earlier one, or takes it away', () => {
  const cookies = new ChainCookies();
  const url = new URL(FROM);
  cookies.take(url, ['a=1; Path=/', 'b=1; Path=/']);
  cookies.take(url, ['a=2; Path=/']);
  assert.equal(cookies.fieldFor(url), 'b=1; a=2');
  cookies.take(url, ['b=; Path=/; Max-Age=0']);
  assert.equal(cookies.fieldFor(url), 'a=2');
});

test('whatever a server sets, what is sent is one field of at most 50 cookies, and goes to no other site', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 80 }), (lines) => {
      const cookies = new ChainCookies();
      const url = new URL(FROM);
      cookies.take(url, lines);
      const field = cookies.fieldFor(url) ?? '';
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      assert.doesNotMatch(field, /[\u0000-\u0008\u000a-\u001f\u007f]/u);
      assert.ok(field.split('; ').length <= 50);
      assert.equal(cookies.fieldFor(new URL('https://b.test/dir/page')), null);
    }),
  );
});
