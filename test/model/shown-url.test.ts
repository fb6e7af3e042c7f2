import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdsLogin, shownHref, shownUrl, withoutLogins } from '../../src/model/shown-url.ts';

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

test('of text that is no URL, what looks like a login is left out and the rest stays', () => {
  assert.equal(shownUrl('no url @ all'), 'no url @ all');
  const text = `see //${'s'.repeat(300)}:secret@host/x and http://b@c/`;
  assert.equal(withoutLogins(text), 'see //host/x and http://c/');
});
