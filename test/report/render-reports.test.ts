import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Comparison, Estimate, Interval, StrategyResult } from '../../src/model/comparison.ts';
import type { RoundRecord } from '../../src/model/record.ts';
import {
  formatBytes,
  formatInterval,
  formatMicroseconds,
  formatMs,
  formatTimes,
} from '../../src/report/format-numbers.ts';
import { comparisonOfRound } from '../../src/report/one-round.ts';
import { medianFigure, readSide } from '../../src/report/record-side.ts';
import { renderReports } from '../../src/report/render-reports.ts';
import { latencyTable } from '../../src/report/result-tables.ts';
import { resultLines } from '../../src/report/round-text.ts';
import { summarizeProof, verdictSentences } from '../../src/report/verdict.ts';
import { runRound } from './real-records.ts';

test('numbers have three figures and their unit', () => {
  const ms = [0.5, 1, 9.994, 9.996, 999.4, 999.6, 9_994, 9_996, 59_940, 59_960, 3_599_000, 9_999_999];
  assert.deepEqual(ms.map(formatMs), [
    '500 µs',
    '1.00 ms',
    '9.99 ms',
    '10 ms',
    '999 ms',
    '1.00 s',
    '9.99 s',
    '10.0 s',
    '59.9 s',
    '1 min 0 s',
    '59 min 59 s',
    '2 h 47 min',
  ]);
  assert.deepEqual([0, 0.0016, 0.5, 1.304, 12.34, 123.4].map(formatTimes), [
    '0×',
    '0.0016×',
    '0.50×',
    '1.30×',
    '12.3×',
    '123×',
  ]);
  assert.deepEqual([4.26, 349.5, 24_781].map(formatMicroseconds), ['4.3 µs', '350 µs', '25 ms']);
  assert.deepEqual([2 ** 20 * 178.4, 2 ** 30 * 23.5].map(formatBytes), ['178 MiB', '23.5 GiB']);
  const interval = { low: 1, high: 2, confidenceRatio: 0.9688 };
  assert.equal(formatInterval(interval, formatTimes), '1.00× to 2.00× (97 %)');
});

describe('the words of a report', () => {
  let record: RoundRecord;
  before(async () => {
    record = await runRound({});
  });

  const estimate = (median: number): Estimate => ({ median, interval: null, sampleCount: 5 });
  const interval: Interval = { low: 1.2, high: 1.4, confidenceRatio: 0.95 };

  function strategy(
    name: string,
    wallMs: number,
    verdict: StrategyResult['verdict'],
    more: Partial<StrategyResult> = {},
  ): StrategyResult {
    const base = comparisonOfRound(record).strategies[0] as StrategyResult;
    const ratio = { timeRatio: 1 / 1.3, interval: null, speedUp: 1.3, speedUpInterval: interval, ratios: [] };
    return {
      ...base,
      name,
      figures: {
        ...base.figures,
        wallMs: estimate(wallMs),
        floorMs: 1000,
        efficiencyRatio: estimate(1000 / wallMs),
      },
      verdict,
      ratio: verdict === 'reference' ? null : ratio,
      ...more,
    };
  }

  const compare = (...strategies: StrategyResult[]): Comparison => ({
    ...comparisonOfRound(record),
    trialCount: 10_000,
    reference: 'multicore',
    strategies,
  });

  test('the fastest is named with how far it leads', () => {
    assert.deepEqual(
      verdictSentences(compare(strategy('multicore', 2000, 'reference'), strategy('mine', 1500, 'faster'))),
      [
        'mine is the fastest of 2 ways: 10,000 trials in 1.50 s; the delay alone takes 1.00 s (efficiency 67 %).',
        'It is 1.30×, 1.20× to 1.40× (95 %), as fast as multicore.',
      ],
    );
    assert.deepEqual(
      verdictSentences(
        compare(strategy('multicore', 1500, 'reference'), strategy('async', 11_500, 'slower')),
      )[1],
      'Next is async, 1.30×, 1.20× to 1.40× (95 %), as fast.',
    );
  });

  test('what the noise does not tell apart is not ranked', () => {
    const [alike] = verdictSentences(
      compare(
        strategy('multicore', 1600, 'reference'),
        strategy('optimized', 1500, 'no difference'),
        strategy('async', 11_500, 'slower'),
      ),
    );
    assert.match(
      alike as string,
      /^optimized and multicore are the fastest of 3 ways within the noise of this machine: 10,000 trials in 1\.50 s to 1\.60 s/,
    );
    const [all] = verdictSentences(
      compare(strategy('multicore', 1600, 'reference'), strategy('optimized', 1700, 'no difference')),
    );
    assert.match(all as string, /^multicore and optimized are equally fast within the noise/);
    const [few] = verdictSentences(
      compare(strategy('multicore', 1600, 'reference'), strategy('optimized', 1700, 'too few rounds')),
    );
    assert.match(few as string, /^multicore came first, in too few rounds to call it the fastest/);
  });

  test('another family is told apart, and a projection is called one', () => {
    const sentences = verdictSentences(
      compare(
        strategy('multicore', 1600, 'reference'),
        strategy('async', 11_500, 'slower'),
        strategy('pipelined', 1200, 'faster', {
          family: 'pipelined',
          projected: { trialsRun: 10, factor: 10 },
        }),
      ),
    );
    assert.match(sentences[0] as string, /^multicore is the fastest of 2 ways/);
    assert.equal(
      sentences[2],
      'Several HTTP/1.1 requests open on each connection, a family of its own: 1.20 s (projected) by pipelined.',
    );
  });

  test('a broken proof comes before every time', () => {
    const broken: RoundRecord = {
      ...record,
      proof: { ...record.proof, verdict: 'broken', answeredOnce: 39, problems: ['1 trial is missing: 7'] },
    };
    const comparison = comparisonOfRound(broken);
    assert.match(verdictSentences(comparison)[0] as string, /proof is broken/);
    const { sentence, problems } = summarizeProof(comparison);
    assert.match(sentence, /^The proof is broken: 40 planned, 39 answered once/);
    assert.match(problems[0] as string, /^multicore, round of .*: 1 trial is missing: 7$/);
    assert.match(renderReports(broken)['report.md'], /\*\*Proof broken:\*\*/);
  });

  test('no round at all proves nothing', () => {
    const empty: Comparison = { ...compare(), scaling: [], isInterrupted: true };
    assert.equal(summarizeProof(empty).verdict, 'broken');
    assert.match(renderReports(empty)['report.html'], /No round was finished/);
  });

  test('rounds that the scaling shares with a strategy are proved once', () => {
    const one = comparisonOfRound(record);
    const point = {
      workerCount: 2,
      wallMs: estimate(1),
      answersPerSec: estimate(1),
      clientCpuUsPerTrial: estimate(1),
      speedUp: 1,
    };
    const shared = { ...one, scaling: [{ ...point, rounds: [structuredClone(record)] }] };
    assert.match(
      summarizeProof(shared).sentence,
      /^Over one round: 40 planned = 40 answered once = 40 seen once/,
    );
  });

  test('a p99 stands where a hundred answers are, and never as the largest of a few', () => {
    const [base] = comparisonOfRound(record).strategies as [StrategyResult];
    const cellsOf = (count: number) => {
      const percentiles = { ...base.figures.latency, count, p99Ms: 987_000, p999Ms: null };
      const figures = { ...base.figures, latency: percentiles, wireLatency: percentiles };
      const [row] = latencyTable(compare({ ...base, figures })).groups[0]?.rows ?? [];
      return [row?.[4], row?.[8]];
    };
    assert.deepEqual(cellsOf(99), ['–', '–']);
    assert.deepEqual(cellsOf(100), ['16 min 27 s', '16 min 27 s']);
  });

  test('how busy each worker and each replica was stands in words too', () => {
    const bars = '[·▁▂▃▄▅▆▇█]';
    const { 'report.md': markdown } = renderReports(record);
    assert.match(markdown, new RegExp(`\n\\| multicore \\| worker 1 \\| \\d+ % \\| ${bars}{32} \\|`));
    assert.match(markdown, new RegExp(`\n\\| multicore \\| replica 1 \\| \\d+ % \\| ${bars}{32} \\|`));
    const terminal = resultLines(record).join('\n');
    assert.match(
      terminal,
      new RegExp(`\nbusy over time: busiest worker ${bars}{20}  busiest replica ${bars}{20}$`),
    );
  });

  test('a repeat is put down to a lost connection only where its trial was not to blame', () => {
    const wordsOf = (requeued: number) =>
      resultLines({ ...record, tally: { ...record.tally, repeats: 200, requeued } }).find((line) =>
        line.startsWith('repeated: '),
      );
    assert.equal(wordsOf(0), 'repeated: 200 attempts');
    assert.equal(
      wordsOf(15),
      'repeated: 200 attempts, 15 of them not counted against their trial: a connection it shared was lost',
    );
    const again = { ...record, proof: { ...record.proof, seenAgainByRepeat: 3 } };
    const proof = /40 seen once by the server \+ 3 seen again, each after a lost attempt/;
    assert.match(resultLines(again).join('\n'), proof);
    assert.match(renderReports(again)['report.md'], proof);
  });

  test('a server that answered nothing is given no CPU time a trial', async () => {
    const cut = await runRound({ abortUnanswered: true });
    assert.equal(cut.ended, 'aborted');
    assert.deepEqual([cut.server?.answered, cut.server?.cpuUsPerTrial], [0, null]);
    assert.match(resultLines(cut).join('\n'), /; server –, 1 (lean )?replica\(s\); start-up/);
    const { figures } = comparisonOfRound(cut).strategies[0] as StrategyResult;
    assert.equal(figures.serverCpuUsPerTrial, null);
    assert.doesNotMatch(renderReports(cut)['report.md'], /NaN|null/);
    const side = readSide('cut.json', JSON.stringify(cut));
    assert.equal(medianFigure(side, 'multicore', 'serverCpuUsPerTrial'), null);
  });

  test('Markdown holds verdict, proof, table, findings, environment and command', () => {
    const { 'report.md': markdown, 'report.json': json } = renderReports(record);
    assert.match(markdown, /^# multicore: 40 trials with a delay of 20 ms each\n/);
    assert.match(markdown, /\*\*multicore fetched 40 answers in [\d.]+ m?s/);
    assert.match(
      markdown,
      /\*\*Proof:\*\* Over one round: 40 planned = 40 answered once = 40 seen once by the server\./,
    );
    assert.match(markdown, /\n\| multicore \| 780 \| 40 \| [\d.]+ m?s \|/);
    assert.match(markdown, /\n## Findings\n\n[^]*\n\| ports \|/);
    assert.match(markdown, /\n\| node \| 26\.[\d.]+ \|/);
    assert.ok(markdown.endsWith('## Command\n\n```\nspillway bench --trials 40 --delay 20ms\n```\n'));
    assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(record)));
  });

  test('the same record gives the same files, and the page names no address', () => {
    assert.deepEqual(renderReports(record), renderReports(structuredClone(record)));
    const page = renderReports(record)['report.html'];
    assert.doesNotMatch(page.replaceAll('http://www.w3.org/2000/svg', ''), /https?:|url\(|@import|<script/);
  });
});
