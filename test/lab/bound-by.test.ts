import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeBoundBy } from '../../src/lab/bound-by.ts';
import type { HandshakeLosses } from '../../src/lab/handshakes.ts';
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
  readonly connectionsPeak?: number;
  readonly waveCount?: number;
  readonly reason?: string;
  /** Connections that stood late, and handshakes that were lost. */
  readonly delayed?: number;
  readonly lost?: number;
}

function judge(given: Case): BoundBy {
  const { floorMs = 1_000, wallMs = 2_000, client = [0.1], replicas = [0.1], delayed = 0, lost = 0 } = given;
  const tally = new Tally();
  tally.set('ok', 10_000);
  tally.set('shrinks', given.shrinks ?? 0);
  tally.set('connectionsPeak', given.connectionsPeak ?? 100);
  const run = {
    ended: given.ended ?? 'done',
    plan: {
      floorMs,
      waveCount: given.waveCount ?? 1,
      connectionCount: 100,
      reasons: [{ field: 'connections', value: '100', reason: given.reason ?? 'all trials at once' }],
    },
    wallMs,
    tally: tally.toData(),
    workers: client.map((utilizationRatio) => ({ utilizationRatio, wallMs })),
  } as unknown as TrialsReport;
  const server = replicas === null ? null : ({ utilizationRatios: replicas } as unknown as ServerReport);
  return judgeBoundBy({ run, server, findings: [], losses: { lost, delayed } as HandshakeLosses });
}

const FILES = '20000 open files a process, 46 of them kept for Node.js and its threads';
const PORTS = '14116 towards one destination: half of the ephemeral ports 32768-60999';
const MEMORY = '100 MiB (three quarters of what the cgroup leaves) at 48000 bytes a connection';

const TABLE: readonly (readonly [what: string, given: Case, bound: BoundBy['what']])[] = [
  ['the time is the floor', { wallMs: 1_100 }, 'server delay'],
  [
    'the time is the floor of waves that files hold down',
    { wallMs: 1_100, waveCount: 3, reason: FILES },
    'files',
  ],
  ['… that ports hold down', { wallMs: 1_100, waveCount: 3, reason: PORTS }, 'ports'],
  ['… that memory holds down', { wallMs: 1_100, waveCount: 3, reason: MEMORY }, 'memory'],
  ['… that were asked for', { wallMs: 1_100, waveCount: 3, reason: 'asked for' }, 'server delay'],
  ['the client was busy beside the floor', { client: [0.2, 0.5], replicas: [0.3] }, 'client CPU'],
  ['the server was', { client: [0.2, 0.3], replicas: [0.1, 0.45] }, 'server CPU'],
  ['nobody was', {}, 'unknown'],
  ['nobody was, and the server is not ours', { replicas: null, floorMs: null }, 'unknown'],
  ['the client was all the time', { floorMs: null, client: [0.97], replicas: null }, 'client CPU'],
  ['handshakes were lost', { delayed: 50, lost: 50, wallMs: 1_100 }, 'accept queue'],
  ['files ran out', { shrinks: 3, connectionsPeak: 97 }, 'files'],
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
