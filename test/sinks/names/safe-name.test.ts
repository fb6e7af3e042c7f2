import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lastSegment } from '../../../src/sinks/names/file-name.ts';
import { makeNameBody } from '../../../src/sinks/names/name-template.ts';
import { safeName, withSuffix } from '../../../src/sinks/names/safe-name.ts';
import { makeHead } from '../body-head.ts';

const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/iu;

test('any text becomes a name that every file system takes', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({ unit: 'grapheme', maxLength: 400 }),
    fc
      .array(fc.constantFrom('.', '/', '\\', 'con', 'NUL', 'com1', ' ', 'x', '\u0000'), { maxLength: 12 })
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (wanted) => {
      const name = safeName(wanted);
      assert.ok(Buffer.byteLength(name) <= 231, `${Buffer.byteLength(name)} bytes`);
      assert.match(name, /^[^.\s/\\:*?"<>|-][^/\\:*?"<>|]*$/u);
      assert.doesNotMatch(name, /[.\s]$/u);
      // oxlint-disable-next-line no-control-regex -- control characters are what must be gone
      assert.doesNotMatch(name, /[\u0000-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\u3164]/u);
      assert.doesNotMatch(name, DEVICE);
      assert.ok(name.isWellFormed());
      assert.equal(safeName(name), name, 'a safe name stays as it is');
    }),
  );
});

const NAMES: readonly (readonly [wanted: string, name: string])[] = [
  ['../../x', '__.._x'],
  ['..', 'index'],
  ['', 'index'],
  ['CON', 'CON_'],
  ['nul.txt', 'nul_.txt'],
  ['console.txt', 'console.txt'],
  ['.bashrc', '_bashrc'],
  ['a. . .', 'a'],
  ['a\u0000b\nc', 'a_b_c'],
  ['файл \u202egpj.exe', 'файл _gpj.exe'],
  ['e\u0301', '\u00e9'],
  ['-rf', '_rf'],
  ['- -', 'index'],
  ['--help.txt', '_help.txt'],
  ['CON .txt', 'CON_ .txt'],
  ['a\u200db\u00adc\u061cd\u2028e\u3164f', 'a_b_c_d_e_f'],
  ['a\u00a0b.txt', 'a b.txt'],
  ['\ud800x', '_x'],
];

for (const [wanted, name] of NAMES)
  test(`${JSON.stringify(wanted)} is stored as ${JSON.stringify(name)}`, () =>
    assert.equal(safeName(wanted), name));

test('a name of 400 characters is cut between characters and keeps its extension', () => {
  const name = safeName(`${'ü'.repeat(400)}.tar`);
  assert.equal(name, `${'ü'.repeat(113)}.tar`);
});

test('a name of any length keeps its extension, in as many bytes as there is room for', () => {
  for (const stem of ['x', 'ü', '\u{1f600}', '.', ' .', '-'])
    for (const extension of ['.jpg', '.tar.gz', '.geojson'])
      for (const maxBytes of [60, 200, 231]) {
        const name = safeName(`a${stem.repeat(60_000)}b${extension}`, maxBytes);
        assert.ok(name.endsWith(extension), name);
        assert.ok(Buffer.byteLength(name) <= maxBytes && name.isWellFormed());
      }
});

test('the work on a name does not grow with what a server sends', () => {
  // Dots before a character made a pattern try each of them: 1.8 billion steps for these.
  const before = process.cpuUsage().user;
  for (let n = 0; n < 200; n++) safeName(`a${'.'.repeat(60_000)}b`);
  for (let n = 0; n < 200; n++) safeName(`a${' '.repeat(60_000)}b`);
  assert.ok(process.cpuUsage().user - before < 4e6, 'CPU time, of which the patterns took minutes');
});

test('a suffix goes before the extension', () => {
  assert.equal(withSuffix('a.tar', '~7'), 'a~7.tar');
  assert.equal(withSuffix('archive', '~7'), 'archive~7');
  assert.equal(withSuffix('a.b.tar.gz', '~7'), 'a.b~7.tar.gz');
  assert.equal(withSuffix('.tar.gz', '~7'), '.tar~7.gz');
});

test("a URL's last segment is decoded and knows no query", () => {
  assert.equal(lastSegment('http://h/a/b%20c.txt?d=/e#f'), 'b c.txt');
  assert.equal(lastSegment('http://h/a/'), '');
  assert.equal(lastSegment('http://h'), '');
  assert.equal(lastSegment('http://h/100%'), '100%');
});

test('a template fills its placeholders, each one safe', () => {
  const nameBody = makeNameBody('{host}/{index:4}-{stem}{ext}');
  const head = makeHead({ index: 7, url: 'http://127.0.0.1:8000/dir/..%2f..%2fa.txt' });
  assert.equal(nameBody(head, 'ab'), '127.0.0.1_8000/0007-__.._a.txt');
  assert.equal(makeNameBody('{sha256}')(head, 'ab'), 'ab');
});

for (const bad of ['/abs', 'a//b', '../x', '{nope}', 'a{', '', '{index', 'x/'])
  test(`the template ${JSON.stringify(bad)} is refused by name`, () =>
    assert.throws(() => makeNameBody(bad), { code: 'ERR_OPTION', message: /--name/u }));
