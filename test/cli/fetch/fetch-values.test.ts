import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerFields } from '../../../src/cli/fetch/fetch-values.ts';

test('header lines are taken apart at their first colon; comments and empty lines are none', () => {
  assert.deepEqual(headerFields()('# of mine\r\nX-Time: 10:30 \n\nAccept:\n'), {
    value: [
      ['X-Time', '10:30'],
      ['Accept', ''],
    ],
  });
});

test('a header that no line of bytes can hold is refused by its number, and shows no value', () => {
  const found = (text: string) => (headerFields()(text) as { found?: string }).found;
  assert.equal(found('a: b\nno colon'), 'number 2 without a name and a colon');
  assert.equal(found(': b'), 'number 1 without a name and a colon');
  assert.equal(found('\u{212a}ey: b'), 'number 1 without a name and a colon');
  assert.equal(found('X-Name: Ÿ'), 'number 1, X-Name, with characters that no value may hold');
});
