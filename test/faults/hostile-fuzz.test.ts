// Hostile bytes against the whole client: whatever a server sends, each target settles with a name for what happened.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { makeOptions } from '../fetch/fetch-world.ts';
import { openRawServer, type RawConnection, type RawServer } from '../helpers/raw-server.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { type HostileAnswer, makeHostileAnswer } from './hostile-bytes.ts';
import { FETCH_TRANSPORTS } from './hostile-world.ts';

/** A million on demand: SPILLWAY_HOSTILE_CASES=1000000. One again: SPILLWAY_HOSTILE_SEED=… SPILLWAY_HOSTILE_CASES=1. */
const CASE_COUNT = Number(process.env['SPILLWAY_HOSTILE_CASES'] ?? 3_000);
const FIRST_SEED = Number(process.env['SPILLWAY_HOSTILE_SEED'] ?? 80_000);
/** Several origins, as a 429 or 503 holds up its whole origin for a moment. */
const ORIGIN_COUNT = 16;
// oxlint-disable-next-line no-control-regex -- what must not be printed is looked for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/u;

for (const transport of FETCH_TRANSPORTS) {
  test(`${CASE_COUNT} hostile answers over ${transport === 'auto' ? 'wire' : transport}: no crash, no hang, no failure without a name`, {
    timeout: 100_000 + CASE_COUNT * 20,
  }, async (t: TestContext) => {
    await using arena = await openArena();
    const outcomes = await fetchSeeds(t, arena.origins, transport);
    const again = (index: number): string =>
      `again: SPILLWAY_HOSTILE_SEED=${FIRST_SEED + index} SPILLWAY_HOSTILE_CASES=1 node --test test/faults/hostile-fuzz.test.ts`;
    const counts = new Map<string, number>();
    for (const outcome of outcomes) {
      const word = outcome.kind === 'failed' ? outcome.code : outcome.kind;
      counts.set(word, (counts.get(word) ?? 0) + 1);
      assert.ok(word !== 'skipped' && word !== 'aborted', again(outcome.index));
      if (outcome.kind !== 'failed') continue;
      assert.notEqual(outcome.code, 'unknown', `${outcome.detail}; ${again(outcome.index)}`);
      assert.doesNotMatch(outcome.detail, CONTROL, again(outcome.index));
      assert.ok(outcome.detail.length > 0 && outcome.detail.length < 1_000, again(outcome.index));
    }
    t.diagnostic(JSON.stringify(Object.fromEntries(counts)));
    if (CASE_COUNT < 1_000) return;
    // A fuzz that is always, or never, believed would show nothing.
    assert.ok((counts.get('ok') ?? 0) > 0.05 * CASE_COUNT && (counts.get('ok') ?? 0) < 0.7 * CASE_COUNT);
    for (const code of [
      'protocol',
      'connection-lost',
      'http-status',
      'bad-encoding',
      'body-mismatch',
      'bad-redirect',
      'headers-too-large',
      'body-too-large',
    ])
      assert.ok((counts.get(code) ?? 0) > 0, `${code} was met`);
  });
}

async function fetchSeeds(
  t: TestContext,
  origins: readonly string[],
  transport: (typeof FETCH_TRANSPORTS)[number],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const urls = Array.from(
    { length: CASE_COUNT },
    (_, index) => `${origins[index % ORIGIN_COUNT]}/${FIRST_SEED + index}`,
  );
  const run = startFetch({
    ...makeOptions(urls, {
      cores: 2,
      to: join(scratchDirectory(t), 'bodies.ndjson'),
      // What makes the answers has one thread, and must not be what the client waits for.
      maxInFlight: 64,
      limits: {
        totalMs: 4_000,
        connectMs: 2_000,
        firstByteMs: 400,
        idleMs: 400,
        maxBodyBytes: 100_000,
        maxRedirects: 3,
        maxRetries: 1,
        retryBudgetRatio: 10,
        maxRetryWaitMs: 200,
      },
      request: { transport },
    }),
    onOutcomes: (group) => outcomes.push(...group),
  });
  const report = await run.report;
  assert.equal(report.ended, 'done', report.problem ?? '');
  assert.deepEqual(report.workerDeaths, []);
  assert.equal(report.ok + report.failed, CASE_COUNT);
  assert.equal(new Set(outcomes.map(({ index }) => index)).size, CASE_COUNT);
  return outcomes;
}

interface Arena extends AsyncDisposable {
  readonly origins: readonly string[];
}

/** Serves each path the answer of its seed, the same each time it is asked. */
async function openArena(): Promise<Arena> {
  const servers: RawServer[] = [];
  for (let index = 0; index < ORIGIN_COUNT; index++) {
    servers.push(
      await openRawServer((connection, { path }) => {
        const seed = /^\/(\d+)$/u.exec(path)?.[1];
        // Where redirects lead.
        if (seed === undefined) connection.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nthere');
        else void answer(connection, makeHostileAnswer(Number(seed)));
      }),
    );
  }
  return {
    origins: servers.map(({ origin }) => origin),
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) await server[Symbol.asyncDispose]();
    },
  };
}

/** Each piece is read by the client before the next comes, as far as a loopback does that. */
async function answer({ socket }: RawConnection, { pieces, ending }: HostileAnswer): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    if (piece.length > 0) await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
    await new Promise(setImmediate);
  }
  if (ending === 'end') socket.end();
  // Node leaks a handle that is reset while its FIN is still to go out, and then spins at its own exit (26.10).
  else if (ending === 'reset' && !socket.destroyed && !socket.writableEnded) socket.resetAndDestroy();
}
