import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSeconds, resultLines } from '../../src/report/round-text.ts';
import type { RoundRecord } from '../../src/model/record.ts';
import { runRound } from './real-records.ts';

/** The lines of a real round with some of its figures replaced. */
async function linesOf(changes: (record: RoundRecord) => Partial<RoundRecord>): Promise<string> {
  const record = await runRound({});
  return resultLines({ ...record, ...changes(record) }).join('\n');
}

test('a time is printed with two figures or more, whatever its size', () => {
  assert.deepEqual([0.013, 0.045, 4.2, 99.4, 100, 1_780, 9_123_000].map(formatSeconds), [
    '13 µs',
    '45 µs',
    '4.20 ms',
    '99 ms',
    '0.10s',
    '1.78s',
    '9123.00s',
  ]);
});

test('latencies of microseconds are microseconds, and nothing is over a delay that is none', async () => {
  const text = await linesOf(({ plan, latency }) => ({
    plan: { ...plan, delayMs: 0, floorMs: 0 },
    latency: {
      ...latency,
      percentiles: { ...latency.percentiles, p50Ms: 0.013, p99Ms: 0.045, maxMs: 1.5 },
    },
  }));
  assert.match(text, /^latency: p50 13 µs, p99 45 µs, max 1\.50 ms; /mu);
});

test('the line gains the time of a download and what a billion would take', async () => {
  const rate = async (wallMs: number, ok: number) => {
    const text = await linesOf(({ tally }) => ({ wallMs, tally: { ...tally, ok } }));
    return / {3}(\S+ \S+ a download, a billion in \S+ \S+)/u.exec(text)?.[1];
  };
  // What the reference prints for 16 processes, one session and ten threads.
  assert.equal(await rate(7_862, 100_000), '79 µs a download, a billion in 0.91 days');
  assert.equal(await rate(41_731, 100_000), '417 µs a download, a billion in 4.83 days');
  assert.equal(await rate(2_000, 1_000_000), '2 µs a download, a billion in 0.56 hours');
  assert.equal(await rate(10_000_000, 10_000), '1.00 s a download, a billion in 11574.07 days');
  assert.equal(await rate(1_000, 0), undefined);
});

test('connections that were made stand on the cost line', async () => {
  const text = await linesOf(({ tally }) => ({ tally: { ...tally, connectionsOpened: 41 } }));
  assert.match(text, /^cost: .*, 41 connection\(s\) made, /mu);
});
