import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

function spillway(...parameters: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [main, ...parameters], (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

suite('spillway compare', () => {
  let directory = '';
  const file = (name: string) => join(directory, name);

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'spillway-compare-'));
    const bench = ['bench', '--trials', '60', '--delay', '20ms'];
    const several = [...bench, '--strategy', 'multicore,async', '--rounds', '3', '--json', file('a.json')];
    assert.equal((await spillway(...several, '--report', file('report'))).code, 0);
    assert.equal((await spillway(...bench, '--json', file('round.json'))).code, 0);
    const slower = JSON.parse(readFileSync(file('a.json'), 'utf8'));
    for (const { rounds } of slower.strategies) for (const round of rounds) round.wallMs *= 100;
    writeFileSync(file('slower.json'), JSON.stringify(slower));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('a bench with --report leaves its three files', () => {
    assert.deepEqual(readdirSync(file('report')).toSorted(), ['report.html', 'report.json', 'report.md']);
  });

  test('a record against itself is no difference and ends with 0', async () => {
    const { code, out } = await spillway(
      'compare',
      file('a.json'),
      file('a.json'),
      '--fail-if',
      'multicore.wallMs > 1.10x',
    );
    assert.equal(code, 0);
    assert.match(out, /multicore: no difference/);
    assert.match(out, /passed: multicore\.wallMs > 1\.10x: multicore\.wallMs is 1\.00x/);
  });

  test('a record that is slower by far is called slower, and a rule that holds ends with 1', async () => {
    const { code, out } = await spillway(
      'compare',
      file('a.json'),
      file('slower.json'),
      '--fail-if',
      'multicore.failedCount > 0; async.wallMs > 1.10x',
    );
    assert.equal(code, 1);
    assert.match(out, /multicore: B is slower/);
    assert.match(out, /passed: multicore\.failedCount > 0/);
    assert.match(out, /FAILED: async\.wallMs > 1\.10x: async\.wallMs is 100\.00x/);
  });

  test('single rounds can be compared, and are too few to tell', async () => {
    const { code, out } = await spillway('compare', file('round.json'), file('a.json'));
    assert.equal(code, 0);
    assert.match(out, /multicore: too few rounds/);
    assert.match(out, /async is in B only/);
  });

  for (const [name, rule, complaint] of [
    ['a rule that is none', 'fast please', /expected a rule such as/],
    ['a figure nobody knows', 'multicore.speed > 1x', /expected a figure among wallMs/],
    [
      'a strategy that is not there',
      'h2c.wallMs > 1x',
      /expected .* to know h2c\.wallMs, found the strategies multicore, async/,
    ],
  ] as const) {
    test(`${name} ends with 2 and says what was expected`, async () => {
      const { code, err } = await spillway('compare', file('a.json'), file('a.json'), '--fail-if', rule);
      assert.equal(code, 2);
      assert.match(err, complaint);
    });
  }

  test('a file that is no record ends with 2', async () => {
    writeFileSync(file('other.json'), '{"schema":"something"}');
    for (const other of [file('missing.json'), file('other.json')]) {
      assert.equal((await spillway('compare', other, file('a.json'))).code, 2);
    }
  });
});
