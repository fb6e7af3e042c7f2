import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { escapeHtml, escapeMarkdown, markdownCodeBlock, visibleText } from '../../src/report/escape.ts';
import { element } from '../../src/report/markup.ts';
import { markdownTable, plainTable } from '../../src/report/report-table.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const nastyText = fc
  .array(
    fc.constantFrom(
      '|',
      '`',
      '``',
      '\\',
      '\n',
      '\r',
      '<b>',
      '&amp;',
      '"',
      "'",
      '*',
      '_',
      '[x](y)',
      '\u202e',
      '\u001b[31m',
      'a',
      '-->',
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

test('text that cannot be seen is written as its number', () => {
  assert.equal(
    visibleText('a\u001b[2Jb\u202ec\u0000\ud800\u2028é✓'),
    'a\\u{1b}[2Jb\\u{202e}c\\u{0}\\u{d800}\\u{2028}é✓',
  );
});

test('no text opens a tag, leaves an attribute or steers a terminal', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, nastyText), (text) => {
      assert.doesNotMatch(escapeHtml(text), /[<>"'\p{Cc}\p{Cf}\p{Cs}]/u);
      assert.equal(element('p', { title: text }, text).html.match(/[<>]/g)?.length, 4);
    }),
  );
});

test('no text adds a cell, a row or a tag to a Markdown table', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, nastyText), (text) => {
      const lines = markdownTable(plainTable('t', [{ title: 'a' }, { title: text }], [[text, 'b']])).split(
        '\n',
      );
      assert.equal(lines.length, 3);
      for (const line of lines) assert.equal(line.replaceAll(/\\./gu, '').split('|').length, 4, line);
      assert.doesNotMatch(lines.join(''), /[<>]/);
    }),
  );
});

test('a code block is closed by its own fence only', () => {
  fc.assert(
    fc.property(nastyText, (text) => {
      const lines = markdownCodeBlock(text).split('\n');
      assert.equal(lines.length, 3);
      assert.equal(lines[0], lines[2]);
      assert.ok(!(lines[1] as string).includes(lines[0] as string));
    }),
  );
});

test('Markdown makes no link, emphasis or list of what it is given', () => {
  assert.equal(escapeMarkdown('[a](b) *c* _d_ `e`'), '\\[a\\](b) \\*c\\* \\_d\\_ \\`e\\`');
  assert.equal(escapeMarkdown('http://x'), 'http&#8203;://x');
  assert.equal(escapeMarkdown('1. one'), '1\\. one');
  assert.equal(escapeMarkdown('1.20 s'), '1.20 s');
});
