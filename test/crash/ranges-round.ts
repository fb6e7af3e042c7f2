// One large body whose program is killed again and again: what is there is gone on with, the server sends little more than
// the body once, and what arrives is the body.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { VerifyReport } from '../../src/model/verify-report.ts';
import { JournalReader } from '../../src/runner/fetch/record/journal-reader.ts';
import { PacedBody } from '../helpers/paced-body.ts';
import { MAIN } from '../helpers/program.ts';
import { Random } from '../helpers/random.ts';

const PROGRAM = process.env['SPILLWAY_TEST_MAIN'] ?? MAIN;
const BODY_BYTES = 200_000_000;
const KILLS = 20;
/** Of the body: what a kill cuts off between server and file, and what was not noted when the first one came. */
const MAX_SENT_RATIO = 1.1;
const SINKS = ['out', 'out.warc', 'out.tar', 'out.ndjson.gz'] as const;

export interface RangesResult {
  readonly title: string;
  readonly sentRatio: number;
}

/** @throws AssertionError when a promise is broken, whose message has the seed in it */
export async function runRangesRound(seed: number): Promise<RangesResult> {
  const random = new Random(seed);
  const sink = SINKS[seed % SINKS.length] as (typeof SINKS)[number];
  const cwd = mkdtempSync(join(tmpdir(), 'spillway-ranges-'));
  const body = randomBytes(BODY_BYTES);
  await using server = new PacedBody(body);
  const origin = await server.listen();
  const command = ['fetch', `${origin}/large.bin`, '--to', sink, '--quiet', '--cores', '1'];
  const title = `a body of ${BODY_BYTES} bytes to ${sink}, killed ${KILLS} times`;
  try {
    for (let kill = 1; kill <= KILLS; kill++) {
      const left = body.length - server.sentBytes;
      const { child, ended } = start(
        cwd,
        random.next() < 0.5 || kill === 1 ? command : ['resume', sink, '--quiet'],
      );
      // Never the last of it, so that there is something to be killed the next time.
      await Promise.race([
        server.sent(server.sentBytes + random.between(1, Math.ceil(left / (KILLS - kill + 2)))),
        ended,
      ]);
      child.kill('SIGKILL');
      assert.equal((await ended).signal, 'SIGKILL', 'it was at work');
    }
    const { code, stderr } = await start(cwd, command).ended;
    assert.deepEqual([code, stderr], [0, '']);
    const { stdout } = await start(cwd, ['verify', sink, '--json']).ended;
    assert.ok((JSON.parse(stdout) as VerifyReport).isComplete, stdout);
    using reader = new JournalReader(join(cwd, sink === 'out' ? 'out/.spillway' : `${sink}.run`));
    const [outcome] = [...reader.outcomes()];
    assert.equal(outcome?.kind === 'ok' && outcome.sha256, createHash('sha256').update(body).digest('hex'));
    const sentRatio = server.sentBytes / body.length;
    assert.ok(sentRatio <= MAX_SENT_RATIO, `the server sent ${sentRatio} times the body`);
    rmSync(cwd, { recursive: true, force: true });
    return { title, sentRatio };
  } catch (error) {
    throw new Error(`ranges, seed ${seed} (${title}), left in ${cwd}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function start(cwd: string, args: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[code, signal], stdout, stderr]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout,
      stderr,
    }),
  );
  return { child, ended };
}
