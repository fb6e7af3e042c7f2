import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { describeClaim, formatNumber, judgeClaims } from '../../benchmarks/compare/claims.ts';
import { renderMarkdown, type ComparisonRecord } from '../../benchmarks/compare/comparison-record.ts';
import { readTreeCpuUs } from '../../benchmarks/compare/machine.ts';
import { measureProcess } from '../../benchmarks/compare/measure-process.ts';
import type { Claim, Job, Measurement } from '../../benchmarks/compare/measurement.ts';
import { readMetric } from '../../benchmarks/compare/measurement.ts';
import { startNeutralServer } from '../../benchmarks/compare/neutral-server.ts';
import {
  parseAb,
  parseAiohttp,
  parseAutocannon,
  parseH2load,
  parseHey,
  parseSpillway,
  parseWrk,
} from '../../benchmarks/compare/parse-output.ts';
import { PROGRAMS, PYTHON, whyMissing } from '../../benchmarks/compare/programs.ts';
import { rotate, runCase } from '../../benchmarks/compare/run-case.ts';
import { whyNotWhole } from '../../benchmarks/compare/run-entry.ts';
import { makeNginxConfiguration, parseCounts } from '../../benchmarks/compare/servers.ts';
import { pairedRatios, summarize } from '../../benchmarks/compare/statistics.ts';
import { SUITES } from '../../benchmarks/compare/suites.ts';
import { rawExchange } from './raw-exchange.ts';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8');
const noPython = existsSync(PYTHON) ? false : `${PYTHON} is not installed`;

suite('the output of each program, as it really prints it', () => {
  test('h2load: counts, and a time worked out from its rate', () => {
    const answered = parseH2load(fixture('h2load.txt'));
    assert.equal(answered.okCount, 2000);
    assert.equal(answered.failedCount, 0);
    // It prints "finished in 30.15ms, 66337.19 req/s".
    assert.ok(Math.abs((answered.innerWallMs ?? 0) - 30.15) < 0.01);
    const h2c = parseH2load(fixture('h2load-h2c.txt'));
    assert.equal(h2c.okCount, 200);
    assert.ok(Math.abs((h2c.innerWallMs ?? 0) - 10_020) < 20);
  });

  test('h2load: answers that are not 2xx, and refused connections, are failures', () => {
    assert.equal(parseH2load(fixture('h2load-404.txt')).okCount, 0);
    assert.equal(parseH2load(fixture('h2load-404.txt')).failedCount, 100);
    const refused = parseH2load(fixture('h2load-refused.txt'));
    assert.deepEqual([refused.okCount, refused.failedCount, refused.innerWallMs], [0, 100, 0.422]);
  });

  test('ab: an answer that is not 2xx counts as complete to it and as failed to us', () => {
    const { okCount, failedCount, innerWallMs } = parseAb(fixture('ab.txt'));
    assert.deepEqual([okCount, failedCount, innerWallMs], [2000, 0, 112]);
    const missing = parseAb(fixture('ab-404.txt'));
    assert.deepEqual([missing.okCount, missing.failedCount], [0, 100]);
  });

  test('hey: status codes and errors are told apart', () => {
    const { okCount, failedCount, innerWallMs, complaint } = parseHey(fixture('hey.txt'));
    assert.deepEqual([okCount, failedCount, innerWallMs, complaint], [2000, 0, 59.1, null]);
    const missing = parseHey(fixture('hey-404.txt'));
    assert.deepEqual([missing.okCount, missing.failedCount], [0, 100]);
    const refused = parseHey(fixture('hey-refused.txt'));
    assert.deepEqual([refused.okCount, refused.failedCount], [0, 100]);
    assert.match(refused.complaint ?? '', /connection refused/);
  });

  test('wrk: requests in its time, bad statuses and socket errors', () => {
    const { okCount, failedCount, innerWallMs, complaint } = parseWrk(fixture('wrk.txt'));
    assert.deepEqual([okCount, failedCount, innerWallMs, complaint], [150_649, 0, 1100, null]);
    const missing = parseWrk(fixture('wrk-404.txt'));
    assert.deepEqual([missing.okCount, missing.failedCount], [0, 95_393]);
    const late = parseWrk(fixture('wrk-timeouts.txt'));
    assert.ok(late.failedCount > 0);
    assert.match(late.complaint ?? '', /timeout [1-9]/);
    assert.throws(() => parseWrk(fixture('wrk-refused.txt')), /unable to connect/);
  });

  test('autocannon: its JSON', () => {
    const { okCount, failedCount, innerWallMs } = parseAutocannon(fixture('autocannon.json'));
    assert.deepEqual([okCount, failedCount, innerWallMs], [2000, 0, 1013]);
    const missing = parseAutocannon(fixture('autocannon-404.json'));
    assert.deepEqual([missing.okCount, missing.failedCount], [0, 100]);
  });

  test('aiohttp: the account of our script, whatever stands before it', () => {
    const { okCount, failedCount, innerCpuUs } = parseAiohttp(`a warning\n${fixture('aiohttp.txt')}`);
    assert.deepEqual([okCount, failedCount], [500, 0]);
    assert.ok((innerCpuUs ?? 0) > 100_000);
  });

  test('spillway: its record; a broken proof is a complaint', () => {
    const text = fixture('spillway.json');
    const answered = parseSpillway(text);
    assert.deepEqual([answered.okCount, answered.failedCount, answered.complaint], [20, 0, null]);
    const record = JSON.parse(text) as { wallMs: number; clientCpuUsPerTrial: number; proof: object };
    assert.equal(answered.innerWallMs, record.wallMs);
    assert.ok(Math.abs((answered.innerCpuUs ?? 0) - record.clientCpuUsPerTrial * 20) < 1e-6);
    record.proof = { ...record.proof, verdict: 'broken', problems: ['2 answered twice'] };
    assert.match(parseSpillway(JSON.stringify({ rounds: [record] })).complaint ?? '', /2 answered twice/);
    assert.throws(() => parseSpillway('{"rounds":[]}'), /another shape/);
  });

  test('anything else is refused, never read as 0', () => {
    for (const program of Object.values(PROGRAMS)) assert.throws(() => program.parse('{}'), Error);
  });

  test('the stats pages of the servers', () => {
    assert.deepEqual(parseCounts('nginx', fixture('nginx-stub-status.txt')), {
      connectionCount: Number(/Active connections: (\d+)/.exec(fixture('nginx-stub-status.txt'))?.[1]),
      requestCount: Number(/\d+ \d+ (\d+) \nReading/.exec(fixture('nginx-stub-status.txt'))?.[1]),
    });
    assert.deepEqual(parseCounts('neutral', '{"requests":7,"connections":2}'), {
      requestCount: 7,
      connectionCount: 2,
    });
    assert.deepEqual(parseCounts('spillway', '{"trials":{"answered":9},"connections":{"open":3}}'), {
      requestCount: 9,
      connectionCount: 3,
    });
  });
});

suite('statistics', () => {
  test('medians and quartiles', () => {
    assert.deepEqual(summarize([3, 1, 2]), { count: 3, median: 2, min: 1, max: 3, q1: 1.5, q3: 2.5 });
    assert.deepEqual(summarize([4, 1, 2, 3]).median, 2.5);
    assert.deepEqual(summarize([7]), { count: 1, median: 7, min: 7, max: 7, q1: 7, q3: 7 });
    assert.throws(() => summarize([]), RangeError);
  });

  test('ratios pair the rounds, and a round without one of the two gives none', () => {
    assert.deepEqual(pairedRatios([2, 6, 9], [1, 2, 3]), [2, 3, 3]);
    assert.deepEqual(pairedRatios([2, null, 9], [1, 2, null]), [2]);
    assert.deepEqual(pairedRatios([2, 4], [1]), [2]);
    assert.deepEqual(pairedRatios([2], [0]), []);
  });

  test('numbers keep three digits', () => {
    assert.deepEqual([0.0123, 1.234, 12.34, 123.4, 12_345.6].map(formatNumber), [
      '0.0123',
      '1.23',
      '12.3',
      '123',
      '12,346',
    ]);
  });
});

function measured(entry: string, round: number, wallMs: number, problem: string | null = null): Measurement {
  return {
    entry,
    round,
    command: ['program', '--flag'],
    account: { wallMs: wallMs + 200, userUs: 60_000, systemUs: 40_000, peakRssBytes: 50e6, exitCode: 0 },
    startUpCpuUs: 30_000,
    answered: {
      okCount: 1000,
      failedCount: 0,
      innerWallMs: wallMs,
      innerCpuUs: null,
      startUpMs: null,
      complaint: null,
    },
    surroundings: {
      loadAverage1Min: 0,
      stealMs: 0,
      timeWaitCount: 0,
      synRetransCount: 0,
      listenOverflowCount: 0,
    },
    serverCpuUs: 20_000,
    serverSawCount: 1000,
    problem,
  };
}

suite('claims', () => {
  const measurements = [
    ...[1000, 1100, 1200].map((wallMs, round) => measured('ours', round, wallMs)),
    ...[1000, 1000, 1000].map((wallMs, round) => measured('theirs', round, wallMs)),
  ];
  const judge = (claim: Claim, runs = measurements, absent: readonly (readonly [string, string])[] = []) => {
    const [result] = judgeClaims([claim], runs, new Map(absent));
    assert.ok(result);
    return result;
  };
  const ratio = (atMost: number): Claim => ({
    kind: 'ratio',
    entry: 'ours',
    metric: 'wallMs',
    against: 'theirs',
    atMost,
  });

  test('the median of the ratios decides, and the spread is told', () => {
    const table: readonly [number, string, boolean][] = [
      [0.9, 'not met', false],
      [1.05, 'not met', true],
      [1.1, 'met', true],
      [1.15, 'met', true],
      [1.25, 'met', false],
    ];
    for (const [atMost, verdict, isInsideSpread] of table) {
      const result = judge(ratio(atMost));
      assert.deepEqual(
        [result.verdict, result.isInsideSpread],
        [verdict, isInsideSpread],
        `at most ${atMost}`,
      );
      assert.deepEqual([result.value, result.low, result.high], [1.1, 1, 1.2]);
    }
  });

  test('a figure of its own is held against its limit', () => {
    const cpu: Claim = { kind: 'absolute', entry: 'ours', metric: 'cpuUsPerRequest', atMost: 100 };
    assert.equal(judge(cpu).verdict, 'met');
    assert.equal(judge({ ...cpu, atMost: 99 }).verdict, 'not met');
    assert.equal(judge({ ...cpu, metric: 'peakRssBytes', atMost: 50e6 }).verdict, 'met');
  });

  test('the time in the run is compared where a program tells it, and the process time where not', () => {
    const [first] = measurements;
    assert.ok(first?.answered);
    assert.equal(readMetric(first, 'wallMs'), 1000);
    assert.equal(
      readMetric({ ...first, answered: { ...first.answered, innerWallMs: null } }, 'wallMs'),
      1200,
    );
    assert.equal(readMetric(first, 'processWallMs'), 1200);
    assert.equal(readMetric(first, 'serverCpuUsPerRequest'), 20);
    assert.equal(readMetric(first, 'cpuUsPerRequest'), 100);
    assert.equal(readMetric(first, 'runCpuUsPerRequest'), 70);
    assert.equal(readMetric({ ...first, startUpCpuUs: null }, 'runCpuUsPerRequest'), null);
  });

  test('a run that failed spoils the claim of its entry, and leaves the others', () => {
    const broken = [...measurements.slice(1), measured('ours', 0, 10, '3 requests failed')];
    const result = judge(ratio(2), broken);
    assert.equal(result.verdict, 'not met');
    assert.match(result.reason ?? '', /1 of 3 runs failed: 3 requests failed/);
    assert.equal(result.low, 1.1, 'the failed run gives no figure');
    assert.equal(judge({ kind: 'whole', entry: 'ours' }, broken).verdict, 'not met');
    assert.equal(judge({ kind: 'whole', entry: 'theirs' }, broken).verdict, 'met');
  });

  test('what was not measured is named and is neither met nor missed', () => {
    const absent = judge(ratio(2), measurements.slice(0, 3), [['theirs', 'x is not installed']]);
    assert.deepEqual([absent.verdict, absent.reason], ['not measured', 'theirs: x is not installed']);
    const silent = judge({ kind: 'absolute', entry: 'ours', metric: 'startUpMs', atMost: 1 });
    assert.deepEqual([silent.verdict, silent.reason], ['not measured', 'ours does not tell its start-up']);
    const broken = [...measurements.slice(0, 3), measured('theirs', 0, 1, 'exit code 1')];
    const other = judge(ratio(2), broken);
    assert.deepEqual(
      [other.verdict, other.reason],
      ['not measured', 'every run of theirs failed: exit code 1'],
    );
    assert.equal(judge({ kind: 'whole', entry: 'nobody' }).verdict, 'not measured');
  });

  test('every claim of every suite speaks of entries of its case, and entries are unique', () => {
    for (const one of SUITES.flatMap((suite) => suite.cases)) {
      const names = one.entries.map((entry) => entry.name);
      assert.equal(new Set(names).size, names.length, one.name);
      for (const claim of one.claims) {
        assert.ok(names.includes(claim.entry), `${one.name}: ${describeClaim(claim)}`);
        if (claim.kind === 'ratio') assert.ok(names.includes(claim.against), describeClaim(claim));
      }
      for (const entry of one.entries) {
        const job = { ...one.job, ...entry.job };
        // hey and h2load share requests out over connections; what does not divide would be lost or uneven.
        assert.equal(job.trialCount % job.connectionCount, 0, `${one.name}: ${entry.name}`);
      }
    }
  });
});

suite('a run', () => {
  const job: Job = { family: 'one-per-connection', trialCount: 10, connectionCount: 2, depth: 1 };
  const answered = {
    okCount: 10,
    failedCount: 0,
    innerWallMs: 1,
    innerCpuUs: null,
    startUpMs: null,
    complaint: null,
  };

  test('counts only when every request was answered once', () => {
    assert.equal(whyNotWhole(job, answered, 0, false), null);
    assert.equal(whyNotWhole(job, { ...answered, okCount: 9 }, 0, false), '9 answers to 10 requests');
    assert.equal(whyNotWhole(job, { ...answered, okCount: 11 }, 0, false), '11 answers to 10 requests');
    assert.equal(whyNotWhole(job, { ...answered, okCount: 11 }, 0, true), null);
    assert.equal(whyNotWhole(job, { ...answered, okCount: 0 }, 0, true), 'no request was answered');
    assert.equal(whyNotWhole(job, { ...answered, failedCount: 1 }, 0, false), '1 requests failed');
    assert.equal(whyNotWhole(job, { ...answered, complaint: 'x' }, 0, false), 'x');
    assert.equal(whyNotWhole(job, answered, 1, false), 'exit code 1');
  });

  test('the order is another one each round', () => {
    assert.deepEqual(rotate(['a', 'b', 'c'], 0), ['a', 'b', 'c']);
    assert.deepEqual(rotate(['a', 'b', 'c'], 1), ['b', 'c', 'a']);
    assert.deepEqual(rotate(['a', 'b', 'c'], 5), ['c', 'a', 'b']);
    assert.deepEqual(rotate([], 3), []);
  });

  test('is measured by the kernel: time, CPU, memory, exit code', { skip: noPython }, async () => {
    const code = `
      const block = Buffer.alloc(150e6, 1);
      const until = process.cpuUsage().user + 200_000;
      while (process.cpuUsage().user < until);
      console.log(block.length);
      process.exitCode = 3;`;
    const run = await measureProcess(['node', '-e', code], { timeoutMs: 30_000 });
    assert.equal(run.stdout, '150000000\n');
    assert.equal(run.account?.exitCode, 3);
    assert.ok(run.account.userUs >= 190_000 && run.account.userUs < 5e6, `${run.account.userUs} us`);
    assert.ok(run.account.wallMs >= 190 && run.account.wallMs < 25_000, `${run.account.wallMs} ms`);
    assert.ok(run.account.peakRssBytes > 150e6 && run.account.peakRssBytes < 600e6);
  });

  test('runs on the Node.js that measures, whatever the PATH names first', { skip: noPython }, async () => {
    const run = await measureProcess(['node', '-p', 'process.version'], { timeoutMs: 30_000 });
    assert.equal(run.stdout.trim(), process.version);
  });

  test('that takes too long is ended, with the processes it started', { skip: noPython }, async () => {
    const code = `
      const child = require('node:child_process').spawn('sleep', ['300']);
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const run = await measureProcess(['node', '-e', code], { timeoutMs: 1500 });
    assert.equal(run.isTimedOut, true);
    assert.equal(run.account, null);
    const pid = Number(run.stdout);
    assert.ok(pid > 0, 'the command had started its child');
    const deadlineMs = performance.now() + 5000;
    while (isAlive(pid) && performance.now() < deadlineMs) await new Promise(setImmediate);
    assert.equal(isAlive(pid), false);
  });

  test('of a command that is not there says so', { skip: noPython }, async () => {
    const run = await measureProcess(['no-such-program'], { timeoutMs: 10_000 });
    assert.equal(run.account, null);
    assert.match(run.stderr, /no-such-program: No such file/);
  });

  test('CPU of a process tree is that of the process and its children', { skip: noPython }, async () => {
    const used = readTreeCpuUs(process.pid);
    assert.ok(used !== null && used > 0);
    assert.equal(readTreeCpuUs(2 ** 30), null);
  });
});

suite('the neutral server', () => {
  test('answers pipelined requests together and in order, after the delay', async () => {
    const server = await startNeutralServer(0, 300);
    try {
      const paths = Array.from({ length: 20 }, (_, index) => String(index * 7));
      const { bodies, elapsedMs } = await rawExchange(server.port, paths, paths.length);
      assert.deepEqual(bodies, paths);
      // One after another they would take 6 s.
      assert.ok(elapsedMs >= 295 && elapsedMs < 5000, `answered after ${elapsedMs} ms`);
      const stats = await fetch(`http://127.0.0.1:${server.port}/stats`);
      assert.deepEqual(parseCounts('neutral', await stats.text())?.requestCount, 20);
    } finally {
      await server.close();
    }
  });

  test('takes requests cut at any byte, and refuses what is no GET', async () => {
    const server = await startNeutralServer(0, 0);
    try {
      const { bodies } = await rawExchange(server.port, ['7', '8'], 2, 3);
      assert.deepEqual(bodies, ['7', '8']);
      const refused = await fetch(`http://127.0.0.1:${server.port}/7`, { method: 'POST' });
      assert.equal(refused.status, 400);
    } finally {
      await server.close();
    }
  });
});

suite('a case', () => {
  const scratchDir = mkdtempSync(join(tmpdir(), 'spillway-compare-test-'));
  const job: Job = { family: 'one-per-connection', trialCount: 40, connectionCount: 4, depth: 1 };
  const present = (['h2load', 'hey', 'ab', 'aiohttp'] as const).find((name) => whyMissing(name) === null);
  const lines: string[] = [];

  test('with nobody to run is named, entry by entry', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = scratchDir;
    try {
      const run = await runCase(
        {
          name: 'a case',
          server: { kind: 'neutral', delayMs: 0 },
          job,
          timeoutMs: 30_000,
          entries: [
            { name: 'h2load', program: 'h2load', settings: {} },
            { name: 'wrk', program: 'wrk', settings: {} },
          ],
          claims: [],
          notes: [],
        },
        { roundCount: 1, only: ['h2load'], quietLimitMs: 0, scratchDir, say: (line) => lines.push(line) },
      );
      assert.deepEqual(run.measurements, []);
      assert.equal(
        run.absent.get('h2load'),
        'nghttp2-client is not installed; run npm run compare -- --setup',
      );
      assert.equal(run.absent.get('wrk'), 'left out by --only');
      assert.ok(lines.some((line) => line.includes('not measured: h2load: nghttp2-client is not installed')));
    } finally {
      process.env['PATH'] = path;
      rmSync(scratchDir, { recursive: true, force: true });
    }
  });

  const skip = noPython !== false || present === undefined ? 'no peer is installed' : false;
  test('measures a real program on a real server, and the server counts what it saw', { skip }, async () => {
    assert.ok(present);
    const run = await runCase(
      {
        name: 'a case',
        server: { kind: 'neutral', delayMs: 0 },
        job,
        timeoutMs: 30_000,
        entries: [{ name: present, program: present, settings: {} }],
        claims: [],
        notes: [],
      },
      { roundCount: 2, only: [], quietLimitMs: 1000, scratchDir, say: () => {} },
    );
    assert.deepEqual(
      run.measurements.map(({ round, problem, serverSawCount }) => ({ round, problem, serverSawCount })),
      [0, 1].map((round) => ({ round, problem: null, serverSawCount: 40 })),
    );
    const [first] = run.measurements;
    assert.ok((first?.account?.peakRssBytes ?? 0) > 1e6);
    assert.ok((readMetric(first as Measurement, 'cpuUsPerRequest') ?? 0) > 0);
    assert.equal(existsSync(scratchDir), false, 'nothing is left behind');
  });

  test('nginx waits by its echo module, and needs no module where it does not wait', () => {
    const spec = { kind: 'nginx', processCount: 2 } as const;
    const delayed = makeNginxConfiguration({ ...spec, delayMs: 1500 }, 8080);
    assert.match(delayed, /^load_module .*echo_module\.so;/);
    assert.match(delayed, /echo_sleep 1\.5; echo -n \$number;/);
    assert.match(delayed, /listen 127\.0\.0\.1:8080 reuseport backlog=4096;/);
    const atOnce = makeNginxConfiguration({ ...spec, delayMs: 0, isHttp2: true }, 8081);
    assert.doesNotMatch(atOnce, /load_module|echo_sleep/);
    assert.match(atOnce, /return 200 \$1;/);
    assert.match(atOnce, /listen 127\.0\.0\.1:8081 http2 reuseport/);
  });
});

test('the Markdown of a record names what was measured, what was not, and every verdict', () => {
  const measurements = [
    measured('ours', 0, 1000),
    measured('theirs', 0, 2000),
    measured('other', 0, 1, 'exit code 9'),
  ];
  const claims: Claim[] = [
    { kind: 'ratio', entry: 'ours', metric: 'wallMs', against: 'theirs', atMost: 0.6 },
    { kind: 'absolute', entry: 'ours', metric: 'peakRssBytes', atMost: 10e6 },
    { kind: 'whole', entry: 'other' },
    { kind: 'whole', entry: 'gone' },
  ];
  const absent = new Map([['gone', 'gone is not installed']]);
  const record: ComparisonRecord = {
    schema: 'spillway-comparison/1',
    suite: 'a-suite',
    about: 'what it is about',
    startedAt: '2026-01-02T03:04:05Z',
    finishedAt: '2026-01-02T03:05:05Z',
    command: 'npm run compare -- --suite a-suite',
    roundCount: 1,
    commit: { hash: '0123456789abcdef', subject: 'A subject', changedFiles: ['a'] },
    machine: { cpuModel: 'a CPU', coreCount: 2, memoryBytes: 24 * 2 ** 30, kernel: '6.1', settings: {} },
    versions: { node: 'v26.0.0' },
    cases: [
      {
        name: 'a case',
        job: { family: 'one-per-connection', trialCount: 1000, connectionCount: 10, depth: 1 },
        server: { kind: 'neutral', delayMs: 0 },
        serverCommand: ['server', '--port'],
        serverConfiguration: null,
        clientCore: 1,
        entries: ['ours', 'theirs', 'other', 'gone'],
        notes: ['A note.'],
        notMeasured: [...absent].map(([entry, reason]) => ({ entry, reason })),
        measurements,
        claims: judgeClaims(claims, measurements, absent),
      },
    ],
  };
  const text = renderMarkdown(record);
  for (const part of [
    '0123456789ab (A subject), with 1 tracked files changed',
    '| ours | 1,000 (1,000–1,000) | 1,200 (1,200–1,200) | 70 (70–70) | 100 (100–100) | – | 20 (20–20) | 50 (50–50) | 1 of 1 |',
    '| other | – | – | – | – | – | – | – | 0 of 1 |',
    '- Not measured: gone: gone is not installed.',
    '- Failed: other: exit code 9.',
    '- A note.',
    '- Load average before the runs 0 to 0; 0 ms of CPU stolen by the hypervisor in all.',
    '- met: ours: wall in the run at most 0.6 of that of theirs: 0.500 (0.500 to 0.500 over 1 rounds)',
    '- not met: ours: peak memory at most 10 MB: 50 MB (50 MB to 50 MB over 1 rounds)',
    '- not met: other: every run answers every request (1 of 1 runs failed: exit code 9)',
    '- not measured: gone: every run answers every request (gone: gone is not installed)',
    'taskset -c 1 program --flag',
  ]) {
    assert.ok(text.includes(part), `${part}\n---\n${text}`);
  }
});

test('the command line lists its suites, and refuses what it does not know with exit code 2', () => {
  const main = join(import.meta.dirname, '../../benchmarks/compare/main.ts');
  const listed = execFileSync(process.execPath, [main, '--list'], { encoding: 'utf8' });
  for (const { name } of SUITES) assert.ok(listed.includes(`\n${name}: `), name);
  for (const words of [
    [],
    ['--suite', 'nothing'],
    ['--suite', 'pipelined', '--runs', '0'],
    ['--suite', 'pipelined', '--case', 'no such case'],
    ['--suite', 'pipelined', '--only', 'nobody'],
    ['--unknown'],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' });
    assert.equal(status, 2, words.join(' '));
    assert.match(stderr, /npm run compare -- --suite NAME/);
  }
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A killed process nobody has waited for is still listed.
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
