import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeError } from '../../src/transport/classify.ts';
import { oneLine } from '../../src/model/one-line.ts';

test('what a server said becomes one line without a control or format character', () => {
  assert.equal(oneLine('a\r\n\tb  c '), 'a b c');
  assert.equal(oneLine('\u001b[2J\u009b\u202e\u0000é✓😀'), '\\u{1b}[2J\\u{9b}\\u{202e}\\u{0}é✓😀');
  assert.equal(oneLine('\ud800'), '\\u{d800}');
});

test('an error of several lines is described in one', () => {
  const error = Object.assign(new Error('The expression:\n\n  assert(x)\n'), { code: 'ERR_ASSERTION' });
  assert.equal(describeError(error), 'ERR_ASSERTION: The expression: assert(x)');
});
