import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Histogram } from '../../src/measure/histogram.ts';
import { busyBars, busySpans } from '../../src/report/busy-spans.ts';
import { linePath, shortName } from '../../src/report/charts/figure.ts';
import { percentileCurve } from '../../src/report/charts/percentile-curve.ts';
import { linearScale, logScale, roundUp } from '../../src/report/charts/scale.ts';

test('the percentile curve passes through the percentiles of the merged histogram', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1, maxLength: 300 }),
      (valuesUs) => {
        const [even, odd, merged] = [new Histogram(), new Histogram(), new Histogram()];
        for (const [index, valueUs] of valuesUs.entries())
          (index % 2 === 0 ? even : odd).recordMs(valueUs / 1e3);
        merged.merge(even);
        merged.merge(odd);
        const curve = percentileCurve([even.toData(), odd.toData()]);
        for (const share of [0.1, 0.5, 0.9, 0.99]) {
          const nines = -Math.log10(1 - share);
          if (nines > Math.log10(valuesUs.length)) continue;
          const drawn = curve.find((point) => point.nines >= nines - 1e-9)?.valueMs ?? 0;
          const exact = merged.percentileMs(share) as number;
          assert.ok(
            Math.abs(drawn - exact) <= exact * 0.012 + 0.002,
            `${share}: drawn ${drawn}, exact ${exact}`,
          );
        }
      },
    ),
  );
});

test('the percentile curve rises, and ends at the largest value where the samples end', () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 1000; value++) histogram.recordMs(value);
  const curve = percentileCurve([histogram.toData()]);
  for (const [index, point] of curve.entries()) {
    const before = curve[index - 1] ?? { nines: 0, valueMs: 0 };
    assert.ok(point.nines >= before.nines && point.valueMs >= before.valueMs);
  }
  assert.deepEqual(curve.at(-1), { nines: 3, valueMs: 1000 });
  assert.deepEqual(percentileCurve([]), []);
});

test('ticks stand inside the domain, in order, and are never many', () => {
  const positive = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(positive, positive, (a, b) => {
      const domain = [Math.min(a, b), Math.max(a, b) * 1.01] as const;
      for (const scale of [linearScale(domain, [0, 100], 5, String), logScale(domain, [0, 100], String)]) {
        assert.ok(scale.ticks.length <= 16, String(scale.ticks.length));
        for (const [index, { value }] of scale.ticks.entries()) {
          assert.ok(scale.at(value) >= -0.5 && scale.at(value) <= 100.5);
          assert.ok(index === 0 || value > (scale.ticks[index - 1]?.value as number));
        }
      }
      assert.ok(roundUp(domain[1]) >= domain[1] * 0.999 && roundUp(domain[1]) <= domain[1] * 2.6);
    }),
  );
});

test('a logarithmic axis of a narrow domain has ticks, too', () => {
  for (const domain of [
    [1003, 1010],
    [1000, 1300],
    [9.7, 10.4],
  ] as const) {
    const { ticks } = logScale(domain, [0, 100], String);
    assert.ok(ticks.length >= 2, `${domain.join(' to ')}: ${ticks.length} ticks`);
  }
});

test('a lane is filled from one note of its own to the next, for workers and for replicas', () => {
  const loops = [
    [100, [50, 50], [10, 90]],
    [200, [50, 50], [110, 90]],
    [300, [250, 50], [110, 190]],
    [400, [250, 150], [110, 190]],
  ] as const;
  const snapshots = loops.map(([atMs, worker, replica]) => ({
    atMs,
    workerLoopsMs: [worker],
    replicaLoopsMs: [[0, 0], replica] as const,
  }));
  assert.deepEqual(busySpans(snapshots, 'workerLoopsMs', 0), [
    { fromMs: 0, toMs: 100, ratio: 0.5 },
    { fromMs: 100, toMs: 300, ratio: 1 },
    { fromMs: 300, toMs: 400, ratio: 0 },
  ]);
  assert.deepEqual(busySpans(snapshots, 'replicaLoopsMs', 1), [
    { fromMs: 0, toMs: 100, ratio: 0.1 },
    { fromMs: 100, toMs: 200, ratio: 1 },
    { fromMs: 200, toMs: 300, ratio: 0 },
  ]);
  for (const [field, index] of [
    ['workerLoopsMs', 1],
    ['replicaLoopsMs', 0],
    ['replicaLoopsMs', 2],
  ] as const)
    assert.deepEqual(busySpans(snapshots, field, index), []);
});

test('bars weigh what lies in their part of the time, and say where nothing is known', () => {
  const spans = [
    { fromMs: 0, toMs: 150, ratio: 1 },
    { fromMs: 150, toMs: 300, ratio: 0 },
  ];
  assert.equal(busyBars(spans, 400, 4), '█▅▁·');
  assert.equal(busyBars([], 400, 2), '··');
});

test('lines keep their ends, and long names are cut between characters', () => {
  assert.equal(
    linePath([
      [0, 0],
      [0.1, 0.1],
      [0.2, 0.2],
    ]),
    'M0.0 0.0L0.2 0.2',
  );
  assert.equal(linePath([]), '');
  assert.equal(shortName('sequential'), 'sequential');
  assert.equal(shortName('😀'.repeat(20), 5), `${'😀'.repeat(4)}…`);
});
