import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireHeaderView } from '../../../src/transport/wire/wire-header-view.ts';

const names = fc.constantFrom('Date', 'date', 'ETag', 'Last-Modified', 'X', 'Xy');
const values = fc.stringMatching(/^(?:[a-c"]{0,3}(?:, )?){0,3}[a-c]?$/u);

test('the first field of a name is the first that the list has, and all of them joined are what get gives', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(names, values)), fc.boolean(), (fields, isKept) => {
      const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${lines}\r\n`, 'latin1');
      const view = new WireHeaderView();
      // What another head said is forgotten.
      view.show(Buffer.from('HTTP/1.1 200 OK\r\nETag: old\r\n\r\n'), 0, 30, true);
      view.first('etag');
      view.get('etag');
      view.show(bytes, 0, bytes.length, isKept);
      for (const name of ['date', 'etag', 'last-modified', 'x', 'xy', 'z']) {
        const found = view.entries().filter(([field]) => field === name);
        const all = found.length === 0 ? undefined : found.map(([, value]) => value).join(', ');
        // The second answer is the kept one.
        for (let turn = 0; turn < 2; turn++) {
          assert.equal(view.first(name), found[0]?.[1]);
          assert.equal(view.get(name), all);
        }
      }
    }),
    { seed: 5 },
  );
});
