import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetrc } from '../../../src/runner/fetch/netrc.ts';

test('machines, default, quotes, comments, macros and entries on one line', () => {
  const text = [
    '# a comment',
    'machine Example.com login me password "two words \\" and a quote"',
    'machine b',
    '  login you',
    '  account x',
    '  password secret',
    'macdef init',
    'machine not login a password b',
    '',
    'machine incomplete login nobody',
    'default login anyone password guest',
  ].join('\n');
  assert.deepEqual(parseNetrc(text), [
    { host: 'example.com', login: 'me', password: 'two words " and a quote' },
    { host: 'b', login: 'you', password: 'secret' },
    { host: '', login: 'anyone', password: 'guest' },
  ]);
  assert.deepEqual(parseNetrc(''), []);
});
