import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdsLogin, shownHref, shownUrl, withoutLogins } from '../../src/model/shown-url.ts';
import { Random } from '../helpers/random.ts';

for (const [given, shown] of [
  ['http://h/a', 'http://h/a'],
  ['http://u:secret@h/a?q=1', 'http://h/a?q=1'],
  ['http://secret@h/', 'http://h/'],
  ['http://h/mail@example.org', 'http://h/mail@example.org'],
] as const)
  test(`${given} is shown as ${shown}`, () => {
    const url = new URL(given);
    assert.deepEqual(
      [shownUrl(given), shownHref(url), withoutLogins(given), holdsLogin(given)],
      [shown, shown, shown, given !== shown],
    );
    assert.equal(url.href, given);
  });

for (const [given, shown] of [
  ['u:secret@127.0.0.1:18100/x', '127.0.0.1:18100/x'],
  ['secret:@h/x', 'h/x'],
  ['http://u:sec/ret@127.0.0.1/x', 'http://127.0.0.1/x'],
  ['http://u:sec?ret#@127.0.0.1/x', 'http://127.0.0.1/x'],
  ['http://u:sec ret/s@h:99999/x', 'http://h:99999/x'],
  ['http://u:sec@ret@h:99999/x', 'http://h:99999/x'],
  ['http:\\\\u:secret@h:99999', 'h:99999'],
  ['u:sec//ret@h', 'h'],
  ['ftp://u:secret@h/', 'ftp://h/'],
  ['http://u:secret@', 'http://'],
  ['http://u:secret@h:{1..2}/x', 'http://h:{1..2}/x'],
  ['{"url":"u:secret@h:80/x"}', 'h:80/x"}'],
  ['1,http://u:secret@h:99999/x', '1,http://h:99999/x'],
  ['a title,u:secret@h/x', 'a h/x'],
  ["unknown command 'http://u:secret@h/x'", "unknown command 'http://h/x'"],
] as const)
  test(`${given}, which is no URL, is shown as ${shown}`, () => {
    assert.deepEqual([shownUrl(given), withoutLogins(given), holdsLogin(given)], [shown, shown, true]);
    assert.deepEqual([shownUrl(shown), withoutLogins(shown), holdsLogin(shown)], [shown, shown, false]);
  });

for (const whole of ['http://h/a:b@c', 'http://h/?mail=x:y@z', 'no url @ all', 'mail me@h', 'dir/a@b.txt'])
  test(`${whole} holds no login`, () => {
    assert.deepEqual([shownUrl(whole), withoutLogins(whole), holdsLogin(whole)], [whole, whole, false]);
  });

test('a login that only a URL parser finds is left out', () => {
  for (const text of [
    'http:\\\\u:secret@h/x',
    'http:u:secret@h/x',
    'http://u:sec ret@h/x',
    'http://u:sec\tret@h/x',
  ])
    assert.deepEqual([shownUrl(text), withoutLogins(text)], ['http://h/x', 'http://h/x']);
});

test('what is shown is shown as it is, whatever it was made from, and long text takes no time', () => {
  const pieces = ['u', ':', '/', '//', '@', 'pw', 'h', ' ', '?', '"', 'http:', '.', ',', '99999', '\\', '{'];
  const random = new Random(1);
  for (let round = 0; round < 20_000; round++) {
    const length = random.between(1, 10);
    const text = Array.from({ length }, () => pieces[random.below(pieces.length)]).join('');
    const [url, whole] = [shownUrl(text), withoutLogins(text)];
    assert.deepEqual([shownUrl(url), withoutLogins(whole), holdsLogin(whole)], [url, whole, false], text);
  }
  const start = performance.now();
  for (const piece of ['/', 'a:b ', ':/ ', 'a:@ ', 'x://'])
    withoutLogins(`@${piece.repeat(65_536 / piece.length)}@`);
  assert.ok(performance.now() - start < 2000);
});

test('of text that is no URL, what looks like a login is left out and the rest stays', () => {
  assert.equal(shownUrl('no url @ all'), 'no url @ all');
  const text = `see //${'s'.repeat(300)}:secret@host/x and http://b@c/`;
  assert.equal(withoutLogins(text), 'see //host/x and http://c/');
});
