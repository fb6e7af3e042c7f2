// Every example is run as it stands, against the mock server, and must say what is right.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type MockServer, startServer } from '../../src/server/cluster.ts';
import { ROOT } from '../helpers/program.ts';

const DIRECTORY = join(ROOT, 'examples');

/** What each prints, and what it is given besides the origin. */
const EXPECTED: Readonly<Record<string, { readonly prints: RegExp; readonly args?: readonly string[] }>> = {
  'ten-lines.ts': { prints: /^sum 499500 of 1000 answers\n$/ },
  'as-completed.ts': {
    prints:
      /^(?=[^]*\/7: 26 bytes, attempt 1$)(?=[^]*\/8: 26 bytes, attempt 1$)(?=[^]*\/not-there: http-status, status 404$)/m,
  },
  'all-in-order.ts': { prints: /^in order: true, 100 answers\n$/ },
  'paginated-api.ts': { prints: /^25 different files, such as "1 of 25"\n$/ },
  'custom-sink.ts': { prints: /^digits of 0 … 199 add up to 1900\n$/ },
  'custom-source.ts': { prints: /^found 99 pages, beginning with one\n$/ },
  'deadline.ts': {
    prints: /^stopped: The operation was aborted due to timeout\n\d+ \+ 0 \+ \d+ = \d+: true\n$/,
    args: ['400'],
  },
  'compare-strategies.ts': {
    prints: /^(?:(?:async|multicore|few): \d+ ms, [a-z ]+, every answer once\n){3}$/,
  },
};
/** Used by others. */
const PARTS = ['sink-digits.ts'];

suite('examples', { timeout: 120_000 }, () => {
  let server: MockServer | undefined;
  before(async () => {
    server = await startServer({ delayMs: 50, items: 10_000, files: 25 });
  });
  after(() => server?.close());

  test('each has a row here', () => {
    assert.deepEqual(readdirSync(DIRECTORY).toSorted(), [...Object.keys(EXPECTED), ...PARTS].toSorted());
  });

  for (const [file, { prints, args = [] }] of Object.entries(EXPECTED)) {
    test(`${file} does what it says`, async () => {
      const origin = file === 'compare-strategies.ts' ? [] : [server?.origins[0] as string];
      const child = spawn(process.execPath, [join(DIRECTORY, file), ...origin, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 30_000,
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (data: Buffer) => (stdout += String(data)));
      child.stderr.on('data', (data: Buffer) => (stderr += String(data)));
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, 0, stderr);
      assert.match(stdout, prints);
      assert.equal(stderr, '');
    });
  }
});
