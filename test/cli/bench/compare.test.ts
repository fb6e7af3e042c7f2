import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { METRICS } from '../../../src/report/record-side.ts';
import { answer, openRawServer } from '../../helpers/raw-server.ts';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

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
    await using good = await openRawServer((connection, { path }) => connection.write(answer(path.slice(1))));
    await using failing = await openRawServer((connection) =>
      connection.write('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'),
    );
    await using wrong = await openRawServer((connection) => connection.write(answer('7')));
    const outside = ['bench', '--trials', '30', '--delay', '0', '--origin'];
    for (const [name, { origin }, code] of [
      ['good', good, 0],
      ['failing', failing, 1],
      ['wrong', wrong, 1],
    ] as const) {
      const once = [...outside, origin, '--json', file(`${name}-round.json`)];
      assert.equal((await spillway(...once)).code, code);
      const often = [...outside, origin, '--rounds', '3', '--json', file(`${name}.json`)];
      assert.equal((await spillway(...often)).code, code);
    }
  });
  after(() => rmSync(directory, { recursive: true }));

  test('a bench with --report leaves its three files', () => {
    assert.deepEqual(readdirSync(file('report')).toSorted(), ['report.html', 'report.json', 'report.md']);
  });

  test('a record that was stopped before its end passes no rule, whichever side it is on', async () => {
    const stopped = JSON.parse(readFileSync(file('round.json'), 'utf8'));
    writeFileSync(file('stopped.json'), JSON.stringify({ ...stopped, ended: 'drained' }));
    const cut = JSON.parse(readFileSync(file('a.json'), 'utf8'));
    writeFileSync(file('cut.json'), JSON.stringify({ ...cut, isInterrupted: true }));
    const rule = ['--fail-if', 'multicore.wallMs > 1000x'];
    for (const sides of [
      ['round.json', 'stopped.json'],
      ['stopped.json', 'round.json'],
      ['a.json', 'cut.json'],
    ]) {
      const { code, out } = await spillway('compare', ...sides.map(file), ...rule);
      assert.equal(code, 1, out);
      assert.match(out, /FAILED: .*(?:stopped|cut)\.json was stopped before its end: run it again/u);
    }
    assert.equal((await spillway('compare', file('round.json'), file('round.json'), ...rule)).code, 0);
  });

  test('what stands in a record steers no terminal', async () => {
    const record = JSON.parse(readFileSync(file('round.json'), 'utf8'));
    record.machine.cpuModel = 'a CPU\u001b[2J\u202e\u009b1A';
    record.startedAt = '2026\u001b]0;title\u0007';
    writeFileSync(file('evil.json'), JSON.stringify(record));
    const { out } = await spillway('compare', file('round.json'), file('evil.json'));
    assert.match(out, /CPU was .* in A, a CPU\\u\{1b\}\[2J/u);
    assert.doesNotMatch(out, /[^\P{Cc}\n]|\p{Cf}/u);
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

  for (const [name, b, rounds] of [
    ['answers nothing but 500', 'failing.json', '3 of 3'],
    ['answers wrong', 'wrong.json', '3 of 3'],
    ['answers nothing but 500 in its one round', 'failing-round.json', '1 of 1'],
    ['answers wrong in its one round', 'wrong-round.json', '1 of 1'],
  ] as const) {
    test(`the times of a server that ${name} get no verdict, and fail any rule`, async () => {
      const doubt = new RegExp(
        `^multicore: no verdict\nB: the proof is broken in ${rounds} rounds, so its times prove nothing$`,
        'm',
      );
      const looked = await spillway('compare', file('good.json'), file(b));
      assert.equal(looked.code, 0);
      assert.match(looked.out, doubt);
      const asked = await spillway(
        'compare',
        file('good.json'),
        file(b),
        '--fail-if',
        'multicore.clientCpuUsPerTrial > 1000000; multicore.brokenProofCount > 0',
      );
      assert.equal(asked.code, 1);
      assert.match(asked.out, /^passed: multicore\.clientCpuUsPerTrial/m);
      assert.match(asked.out, new RegExp(`^FAILED: .* multicore\\.brokenProofCount is ${rounds[0]}$`, 'm'));
      assert.match(
        asked.out,
        new RegExp(`^FAILED: multicore: the proof is broken in ${rounds} rounds of B$`, 'm'),
      );
      const backwards = await spillway(
        'compare',
        file(b),
        file('good.json'),
        '--fail-if',
        'multicore.wallMs > 1000000',
      );
      assert.equal(backwards.code, 0, 'what A did wrong fails nothing');
      assert.match(backwards.out, /^A: the proof is broken/m);
    });
  }

  test('a figure that A has and B lacks, because nothing was answered, fails its rule', async () => {
    for (const bound of ['1.1x', '1000000']) {
      const rule = `multicore.p99Ms > ${bound}`;
      const { code, out } = await spillway(
        'compare',
        file('good.json'),
        file('failing.json'),
        '--fail-if',
        rule,
      );
      assert.equal(code, 1);
      assert.match(
        out,
        /^FAILED: multicore\.p99Ms > \S+: multicore\.p99Ms has a value in A and none in B: nothing was answered$/m,
      );
    }
  });

  for (const [name, a, b, rule, complaint] of [
    ['A', 'failing.json', 'good.json', 'multicore.p99Ms > 1.1x', 'nothing was answered'],
    ['both sides', 'failing.json', 'failing.json', 'multicore.p99Ms > 9', 'nothing was answered'],
    [
      'a server without a delay',
      'good.json',
      'good.json',
      'multicore.efficiencyRatio < 1x',
      'the delay is none',
    ],
  ] as const) {
    test(`a figure that ${name} lacks ends with 2 and says why it has no value`, async () => {
      const { code, err } = await spillway('compare', file(a), file(b), '--fail-if', rule);
      assert.equal(code, 2);
      assert.match(err, new RegExp(`to have a value of multicore\\.\\w+, found none: ${complaint}`));
    });
  }

  test('every figure that can be asked for stands in docs/reports.md', () => {
    const page = readFileSync(new URL('../../../docs/reports.md', import.meta.url), 'utf8');
    const [, section = ''] = page.split('## Two records');
    for (const metric of METRICS) assert.ok(section.includes(`\`${metric}\``), metric);
  });

  test('a run that was stopped gets no verdict, and can be asked for', async () => {
    const stopped = JSON.parse(readFileSync(file('round.json'), 'utf8'));
    stopped.ended = 'drained';
    stopped.proof.verdict = 'partial';
    writeFileSync(file('stopped.json'), JSON.stringify(stopped));
    const rule = 'multicore.stoppedCount > 0';
    const { code, out } = await spillway('compare', file('a.json'), file('stopped.json'), '--fail-if', rule);
    assert.equal(code, 1);
    assert.match(out, /^multicore: no verdict\nB: the run was stopped in 1 of 1 rounds, so/m);
    assert.match(out, /^FAILED: multicore\.stoppedCount > 0: multicore\.stoppedCount is 1$/m);
  });

  test('a record that was cut or edited ends with 2 and names what is not there', async () => {
    const round = readFileSync(file('round.json'), 'utf8');
    const comparison: unknown = JSON.parse(readFileSync(file('a.json'), 'utf8'));
    const edited = (field: string, to?: unknown) =>
      JSON.stringify(comparison, (key, value: unknown) => (key === field ? to : value));
    for (const [text, complaint] of [
      [
        '{"schema":"spillway-round/1"}',
        /is not a whole record: expected startedAt to be a text, found nothing/,
      ],
      ['{"schema":"spillway-comparison/1"}', /is not a whole record/],
      [round.slice(0, round.length / 2), /found no JSON/],
      ['[]', /found the schema null/],
      ['null', /found the schema null/],
      [round.replace(/"wallMs":[\d.]+/, '"wallMs":"1"'), /expected wallMs to be a number, found "1"/],
      [edited('rounds', []), /strategies\[0\]\.rounds to be a list of 1 or more, found \[\]/],
      [edited('tally'), /strategies\[0\]\.rounds\[0\]\.tally to be an object, found nothing/],
      [edited('pairs', {}), /noise\.pairs to be a list, found \{\}/],
      [edited('projected', {}), /strategies\[0\]\.projected\.factor to be a number, found nothing/],
      [edited('versions', ['26']), /versions to be an object, found \["26"\]/],
      [edited('trialCount', -1), /trialCount to be 0 or more, found -1/],
      [edited('buckets', [[1]]), /buckets\[0\] to be a list of 2, found \[1\]/],
      [edited('verdict', 'nice'), /proof\.verdict to be "whole" or .*, found "nice"/],
    ] as const) {
      writeFileSync(file('edited.json'), text);
      const { code, out, err } = await spillway('compare', file('edited.json'), file('a.json'));
      assert.equal(code, 2, err);
      assert.equal(out, '');
      assert.match(err, /^spillway: [^\n]*edited\.json[^\n]*\n$/);
      assert.match(err, complaint);
    }
  });

  test('a record of pages is told apart from no record, and ends with 2', async () => {
    const pages = ['bench', '--scenario', 'pages', '--strategy', 'async', '--rounds', '1', '--files', '5'];
    assert.equal((await spillway(...pages, '--delay', '0', '--json', file('pages.json'))).code, 0);
    const { code, out, err } = await spillway('compare', file('a.json'), file('pages.json'));
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.match(err, /pages\.json: expected a record of trials, found one of `bench --scenario pages`/);
  });

  test('a file that is no record ends with 2', async () => {
    writeFileSync(file('other.json'), '{"schema":"something"}');
    for (const other of [file('missing.json'), file('other.json')]) {
      assert.equal((await spillway('compare', other, file('a.json'))).code, 2);
    }
  });
});
