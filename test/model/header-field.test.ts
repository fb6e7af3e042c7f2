import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFieldName, isFieldValue } from '../../src/model/header-field.ts';

test('a field name is made of the characters of a token, and of nothing that only folds to one', () => {
  for (const name of ['accept', 'X-Key', "!#$%&'*+-.^_`|~0"]) assert.ok(isFieldName(name), name);
  for (const name of ['', 'a b', 'a:', 'ä', '\u{212a}ey', 'ſet', 'a\n']) assert.ok(!isFieldName(name), name);
});

test('a field value is what fits in one line of bytes', () => {
  for (const value of ['', 'a\tb', 'ÿ', 'µ', ' x ']) assert.ok(isFieldValue(value), value);
  for (const value of ['Ÿ', 'μ', 'ẞ', '\u{212b}', 'a\nb', 'a\rb', '\0', '\u{7f}'])
    assert.ok(!isFieldValue(value), JSON.stringify(value));
});
