import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeBoundBy } from '../../src/lab/bound-by.ts';
import type { HandshakeLosses } from '../../src/lab/handshakes.ts';
import type { LimitName } from '../../src/model/finding.ts';
import { Tally } from '../../src/measure/tally.ts';
import type { BoundBy, TrialsReport, ServerReport } from '../../src/model/record.ts';

interface Case {
  readonly ended?: TrialsReport['ended'];
  readonly floorMs?: number | null;
  readonly wallMs?: number;
  /** Busy share of each worker's and replica's event loop. */
  readonly client?: readonly number[];
  readonly replicas?: readonly number[] | null;
  readonly shrinks?: number;
  readonly byFiles?: number;
  readonly byPorts?: number;
  readonly waveCount?: number;
  readonly cutBy?: LimitName;
  /** Connections that stood late, and handshakes that were lost. */
  readonly delayed?: number;
  readonly lost?: number;
}

function judge(given: Case): BoundBy {
  const { floorMs = 1_000, wallMs = 2_000, client = [0.1], replicas = [0.1], delayed = 0, lost = 0 } = given;
  const tally = new Tally();
  tally.set('ok', 10_000);
  tally.set('shrinks', given.shrinks ?? 0);
  tally.set('shrinksByFiles', given.byFiles ?? 0);
  tally.set('shrinksByPorts', given.byPorts ?? 0);
  const run = {
    ended: given.ended ?? 'done',
    plan: {
      floorMs,
      waveCount: given.waveCount ?? 1,
      connectionCount: 100,
      reasons: given.cutBy === undefined ? [] : [{ field: 'cutBy', value: given.cutBy, reason: '' }],
    },
    wallMs,
    tally: tally.toData(),
    workers: client.map((utilizationRatio) => ({ utilizationRatio, wallMs })),
  } as unknown as TrialsReport;
  const server = replicas === null ? null : ({ utilizationRatios: replicas } as unknown as ServerReport);
  return judgeBoundBy({ run, server, losses: { lost, delayed } as HandshakeLosses });
}

const TABLE: readonly (readonly [what: string, given: Case, bound: BoundBy['what']])[] = [
  ['the time is the floor', { wallMs: 1_100 }, 'server delay'],
  [
    'the time is the floor of waves that files hold down',
    { wallMs: 1_100, waveCount: 3, cutBy: 'files' },
    'files',
  ],
  ['… that ports hold down', { wallMs: 1_100, waveCount: 3, cutBy: 'ports' }, 'ports'],
  ['… that memory holds down', { wallMs: 1_100, waveCount: 3, cutBy: 'memory' }, 'memory'],
  ['… that were asked for', { wallMs: 1_100, waveCount: 3 }, 'server delay'],
  [
    'waves that ports made are most of the time',
    { wallMs: 9_100, floorMs: 9_000, waveCount: 9, cutBy: 'ports' },
    'ports',
  ],
  [
    'waves by ports, with a delay that nobody knows and two sides that wait',
    { floorMs: null, waveCount: 10_000, cutBy: 'ports', replicas: null },
    'ports',
  ],
  [
    'waves were there, and a busy client besides',
    { floorMs: 3, wallMs: 900, client: [0.97], waveCount: 3, cutBy: 'files' },
    'client CPU',
  ],
  ['the client was busy beside the floor', { client: [0.2, 0.5], replicas: [0.3] }, 'client CPU'],
  ['the server was', { client: [0.2, 0.3], replicas: [0.1, 0.55] }, 'server CPU'],
  [
    'a server whose loop was at a third does not bind',
    { wallMs: 1_400, client: [0.2], replicas: [0.35] },
    'unknown',
  ],
  ['nobody was', {}, 'unknown'],
  ['nobody was, and the server is not ours', { replicas: null, floorMs: null }, 'unknown'],
  ['the client was all the time', { floorMs: null, client: [0.97], replicas: null }, 'client CPU'],
  ['handshakes were lost', { delayed: 50, lost: 50, wallMs: 1_100 }, 'accept queue'],
  ['files ran out', { shrinks: 3, byFiles: 3 }, 'files'],
  ['ports ran out while there were connections', { shrinks: 3, byPorts: 3 }, 'ports'],
  ['kernel buffers ran out', { shrinks: 3, byPorts: 1 }, 'memory'],
];

for (const [what, given, bound] of TABLE) {
  test(`bound by ${bound}: ${what}`, () => assert.equal(judge(given).what, bound));
}

test('the evidence names what the verdict rests on', () => {
  const { evidence } = judge({ client: [0.5], replicas: [0.25], shrinks: 2, delayed: 7, lost: 9 });
  assert.deepEqual(evidence, [
    "busiest worker's event loop 50 %",
    "busiest replica's event loop 25 %",
    '50 % of the time is the floor',
    '9 handshakes lost, 7 connections late by it',
    'in-flight cap lowered 2 times',
  ]);
  assert.deepEqual(judge({ replicas: null, floorMs: null }).evidence.slice(1), [
    'of the server nothing is known',
  ]);
});

test('an instrument that was saturated says so', () => {
  assert.equal(judge({ client: [0.1, 0.95] }).isSaturated, true);
  assert.equal(judge({ client: [0.1, 0.85] }).isSaturated, false);
});

test('a run that was stopped is not measured against the floor of all its trials', () => {
  const { what, evidence } = judge({ ended: 'aborted', wallMs: 1 });
  assert.equal(what, 'unknown');
  assert.ok(!evidence.join().includes('floor'));
});

test('an instrument is never saturated by what is unknown', () => {
  for (const client of [[0.95], [0.4], [0.99, 0.2]])
    for (const replicas of [[0.1], [0.95], null])
      for (const floorMs of [null, 1_000])
        for (const wallMs of [1_100, 2_000, 9_000]) {
          const { what, isSaturated } = judge({ client, replicas, floorMs, wallMs });
          assert.ok(!(isSaturated && what === 'unknown'));
        }
});
