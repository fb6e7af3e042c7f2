import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from 'content-disposition';
import fc from 'fast-check';
import { dispositionName } from '../../../src/sinks/names/disposition-name.ts';

/** What bytes look like in a field: a character each. */
const bytes = (text: string) => Buffer.from(text).toString('latin1');

const FIELDS: readonly (readonly [field: string, name: string | undefined])[] = [
  ['attachment; filename="a b.txt"', 'a b.txt'],
  ['attachment; filename=plain.txt; size=4', 'plain.txt'],
  [`attachment; filename="fallback.txt"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt`, 'naïve €.txt'],
  [`attachment; filename*=iso-8859-1'en'%A3%20rates`, '£ rates'],
  [`attachment; filename*=UTF-8''%ff; filename=b.txt`, 'b.txt'],
  [`attachment; filename="quote\\"d.txt"`, 'quote"d.txt'],
  [`attachment; filename="${Buffer.from('ü.txt').toString('latin1')}"`, 'ü.txt'],
  // What a quoted text holds is no parameter.
  [`attachment; filename="a; filename*=UTF-8''b.txt"`, "a; filename*=UTF-8''b.txt"],
  [`attachment; name="x; filename=b.txt"; filename=c.txt`, 'c.txt'],
  // A quote that is not closed, around either.
  ['attachment; filename="a b.txt', 'a b.txt'],
  ['attachment; filename="', undefined],
  ['attachment; filename="a\\\\', 'a\\'],
  [`attachment; filename*="UTF-8''a%20b.txt`, 'a b.txt'],
  [`attachment; filename="f.txt"; filename*="UTF-8''a%20b.txt"`, 'a b.txt'],
  // Words of RFC 2047, which some servers use.
  ['attachment; filename="=?UTF-8?B?bmHDr3ZlLnR4dA==?="', 'naïve.txt'],
  ['attachment; filename="=?utf-8?Q?na=C3=AFve_a%.txt?="', 'naïve a%.txt'],
  ['attachment; filename="=?ISO-8859-1?Q?=A3?= =?UTF-8?Q?_rates.txt?="', '£ rates.txt'],
  ['attachment; filename="=?nonsense?B?YQ==?="', '=?nonsense?B?YQ==?='],
  // Charsets of the web besides the two of RFC 8187.
  ["attachment; filename*=windows-1251''%F4.txt", 'ф.txt'],
  ["attachment; filename*=Shift_JIS'ja'%82%A0.txt", 'あ.txt'],
  ["attachment; filename*=nonsense''a.txt; filename=b.txt", 'b.txt'],
  // No type, blanks, a name twice, a path of Windows.
  ['filename=a.txt', 'a.txt'],
  ['; filename=a.txt', 'a.txt'],
  ['attachment;FileName = "a.txt" ; x', 'a.txt'],
  ['attachment; filename=a.txt; filename=b.txt', 'a.txt'],
  ['attachment; filename="C:\\dir\\a.txt"', 'C:\\dir\\a.txt'],
  ['attachment; filename="f\\oo.txt"', 'foo.txt'],
  [`attachment; filename=${bytes('ü b.txt')}`, 'ü b.txt'],
  ['inline', undefined],
  ['', undefined],
  ['attachment; filename', undefined],
  ['attachment; filename=""', undefined],
];

for (const [field, name] of FIELDS)
  test(`Content-Disposition ${field} names ${name}`, () => assert.equal(dispositionName(field), name));

test('what the library writes is read, for any name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (name) => {
      fc.pre(name.isWellFormed() && !/^(?:=\?|[a-z]:\\|\\\\)/iu.test(name));
      assert.equal(dispositionName(create(name)), name);
    }),
  );
});

test('any field has a name or none, and never throws', () => {
  const part = fc.constantFrom(
    'filename',
    '*',
    '=',
    '"',
    '\\',
    ';',
    "UTF-8''",
    '%',
    '41',
    '=?UTF-8?Q?',
    '?=',
    ' ',
    'a',
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      assert.notEqual(dispositionName(parts.join('')), '');
    }),
  );
});
