import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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

test('a number sign begins a comment where a word could stand, and is part of a value', () => {
  const text = [
    'machine first login me password #first # a note with password x',
    '#machine not login a password b',
    'machine second login #you',
    '  # login other',
    '  password sec#ret',
    'default login anyone password "#"',
  ].join('\r\n');
  assert.deepEqual(parseNetrc(text), [
    { host: 'first', login: 'me', password: '#first' },
    { host: 'second', login: '#you', password: 'sec#ret' },
    { host: '', login: 'anyone', password: '#' },
  ]);
});

test('words of the format are values where a value stands', () => {
  assert.deepEqual(
    parseNetrc('machine default login machine password macdef machine b login login password password'),
    [
      { host: 'default', login: 'machine', password: 'macdef' },
      { host: 'b', login: 'login', password: 'password' },
    ],
  );
});

test('a macro ends with a blank line, wherever it begins, and holds no login', () => {
  const text =
    'machine a login x password y macdef init\ncd /tmp\nmachine no login no password no\n \nmachine b login c password d\nmacdef end\nmachine no login no password no';
  assert.deepEqual(parseNetrc(text), [
    { host: 'a', login: 'x', password: 'y' },
    { host: 'b', login: 'c', password: 'd' },
  ]);
});

test('a quote that is not closed is misuse, named by its line and without a secret', () => {
  assert.throws(() => parseNetrc('machine a\nlogin x password "secret\nmachine b login c password d'), {
    code: 'ERR_OPTION',
    message: '--netrc: expected a closing quote for the one in line 2',
  });
});

test('what was written comes back, whatever the logins and passwords', () => {
  const value = fc.string({
    unit: fc.constantFrom('a', '#', '"', '\\', ' ', '\n', 'é', "'"),
    minLength: 1,
    maxLength: 6,
  });
  const quoted = (text: string) => `"${text.replaceAll(/["\\]/gu, '\\$&').replaceAll('\n', '\\n')}"`;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.domain(), value, value)),
      fc.constantFrom(' ', '\n', '\r\n  '),
      (entries, blank) => {
        const text = entries
          .map(([host, login, password]) =>
            ['machine', host, 'login', quoted(login), 'password', quoted(password)].join(blank),
          )
          .join('\n');
        assert.deepEqual(
          parseNetrc(text),
          entries.map(([host, login, password]) => ({ host, login, password })),
        );
      },
    ),
  );
});
