// What the tests against the fault server share: a fetch with short deadlines, and its account held against the server's.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { FailureCode } from '../../src/model/errors.ts';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import type { FetchLimits, FetchRequestOptions } from '../../src/model/fetch-task.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import type { FaultServer } from '../../src/server/faults/fault-server.ts';
import { FAULTS, type FaultName } from '../../src/server/faults/fault-table.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { waitUntil } from '../server/wait-until.ts';
import { type Changes, makeOptions } from '../fetch/fetch-world.ts';

/** Both ways that a fetch moves bytes. */
export const FETCH_TRANSPORTS: readonly FetchRequestOptions['transport'][] = ['auto', 'undici'];

/** Deadlines that a test can wait for, and that a good answer on a busy machine still meets. */
export const HOSTILE_LIMITS: Partial<FetchLimits> = {
  totalMs: 8_000,
  connectMs: 1_000,
  firstByteMs: 1_000,
  idleMs: 800,
  minBytesPerSec: 100,
  slowWindowMs: 1_500,
  maxBodyBytes: 1_000_000,
  maxRedirects: 3,
  maxRetries: 2,
  retryBudgetRatio: 10,
  maxRetryWaitMs: 10_000,
};

export interface HostileTarget {
  readonly origin: number;
  readonly path: string;
  readonly fault: FaultName;
  readonly expected: FailureCode | 'ok';
}

/** Targets `/0` to `/count-1` of every origin. */
export function targetsOf(server: FaultServer, count: number): HostileTarget[] {
  return server.origins.flatMap((_, origin) =>
    Array.from({ length: count }, (_, number) => targetAt(server, origin, `/${number}`)),
  );
}

export function targetAt(server: FaultServer, origin: number, path: string): HostileTarget {
  const fault = server.faultOf(origin, path);
  return { origin, path, fault, expected: FAULTS[fault].becomes };
}

export interface HostileRun {
  readonly report: FetchReport;
  /** In the order of the targets. */
  readonly outcomes: readonly Outcome[];
}

/** Bodies go to a file of the test's own. */
export async function fetchTargets(
  t: TestContext,
  server: FaultServer,
  targets: readonly HostileTarget[],
  changes: Changes = {},
): Promise<HostileRun> {
  const outcomes: Outcome[] = [];
  const urls = targets.map(({ origin, path }) => `${server.origins[origin]}${path}`);
  const run = startFetch({
    ...makeOptions(urls, {
      cores: 1,
      to: join(scratchDirectory(t), 'bodies.ndjson'),
      ...changes,
      limits: { ...HOSTILE_LIMITS, ...changes.limits },
    }),
    onOutcomes: (group) => outcomes.push(...group),
  });
  const report = await run.report;
  outcomes.sort((a, b) => a.index - b.index);
  return { report, outcomes };
}

/** `ok` or the failure code; `skipped`. */
export function wordOf(outcome: Outcome | undefined): string {
  return outcome === undefined ? 'none' : outcome.kind === 'failed' ? outcome.code : outcome.kind;
}

/** What every run owes, whatever befell it. */
export async function assertAccountsAgree(
  server: FaultServer,
  targets: readonly HostileTarget[],
  { report, outcomes }: HostileRun,
): Promise<void> {
  assert.equal(report.ended, 'done', report.problem ?? '');
  assert.equal(report.targets, targets.length);
  assert.equal(report.ok + report.failed + report.skipped, targets.length, 'each target is settled once');
  assert.equal(outcomes.length, targets.length);
  assert.deepEqual(
    outcomes.map(({ index }) => index),
    targets.map((_, index) => index),
  );
  assert.deepEqual([report.failures['unknown'], report.failures['aborted']], [undefined, undefined]);
  // A client may have the last byte before the server hears that the kernel took it.
  const okPaths = new Set(
    targets
      .filter((_, index) => outcomes[index]?.kind === 'ok')
      .map(({ origin, path }) => `${origin}${path}`),
  );
  await waitUntil('the server has answered whole what is ok', () => {
    const whole = server.stats(true).targets?.filter((counts) => counts.whole > 0) ?? [];
    return okPaths.isSubsetOf(new Set(whole.map(({ origin, path }) => `${origin}${path}`)));
  });
  const stats = server.stats(true);
  // What was sent on a connection that was dying was never seen.
  assert.ok(
    stats.total.asked <= report.attemptsSent,
    `the server was asked ${stats.total.asked} times, the client says ${report.attemptsSent}`,
  );
  const okByFault = new Map<string, number>();
  for (const [index, { path, fault }] of targets.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== 'ok') continue;
    okByFault.set(fault, (okByFault.get(fault) ?? 0) + 1);
    assert.equal(outcome.sha256, sha256Of(path.slice(1)), `${path} has the body of another target`);
  }
  for (const [fault, ok] of okByFault) {
    assert.ok(ok <= (stats.byFault[fault]?.whole ?? 0), `${fault}: ${ok} ok`);
  }
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
