import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { type TestContext, test } from 'node:test';
import { FuzzArena, type FuzzOutcome } from '../helpers/wire-fuzz-arena.ts';
import { type FuzzCase, hinting, makeFuzzCase, withoutContinue } from '../helpers/wire-fuzz-grammar.ts';

/** A million on demand: SPILLWAY_FUZZ_CASES=1000000. A failure names its seed: SPILLWAY_FUZZ_SEED=… SPILLWAY_FUZZ_CASES=1. */
const CASE_COUNT = Number(process.env['SPILLWAY_FUZZ_CASES'] ?? 4_000);
const FIRST_SEED = Number(process.env['SPILLWAY_FUZZ_SEED'] ?? 20_260);
const BATCH_COUNT = 100;
/** One case of so many is served over TLS as well, each piece in a record of its own: a handshake costs more than a case. */
const TLS_EVERY = 8;

interface Counts {
  answers: number;
  wireTook: number;
  wireRefused: number;
  handedOver: number;
  undiciTook: number;
  /** Answers that the wire lane took in cases with a 100, which undici does not skip. */
  tookWithContinue: number;
  /** Answers that came over TLS as well. */
  overTls: number;
}

test('the wire lane makes of any answer what undici makes of it, or leaves it to undici', async (t: TestContext) => {
  const counts: Counts = {
    answers: 0,
    wireTook: 0,
    wireRefused: 0,
    handedOver: 0,
    undiciTook: 0,
    tookWithContinue: 0,
    overTls: 0,
  };
  for (let done = 0; done < CASE_COUNT; done += BATCH_COUNT) {
    await using arena = await FuzzArena.open();
    const batch = Array.from({ length: Math.min(BATCH_COUNT, CASE_COUNT - done) }, (_, index) =>
      makeFuzzCase((FIRST_SEED + done + index) >>> 0),
    );
    await Promise.all(batch.map((fuzzCase) => judge(arena, fuzzCase, counts)));
  }
  t.diagnostic(JSON.stringify(counts));
  if (CASE_COUNT < 1_000) return;
  // A fuzz that nobody completes, or that everybody completes, would show nothing.
  assert.ok(counts.wireTook > 0.5 * counts.answers, 'most answers are taken');
  assert.ok(counts.wireRefused > 0.05 * counts.answers, 'some are refused');
  assert.ok(counts.tookWithContinue > 0.02 * counts.answers, 'a 100 is skipped');
  assert.ok(counts.overTls > 0.08 * counts.answers, 'some come over TLS too');
  assert.ok(counts.handedOver > 0.005 * counts.answers, 'some are refused and undici takes them');
});

async function judge(arena: FuzzArena, fuzzCase: FuzzCase, counts: Counts): Promise<void> {
  const undiciCase = withoutContinue(fuzzCase);
  const [byUndici, byLean, wireOutcomes] = await Promise.all([
    arena.run('undici', undiciCase),
    arena.run('lean', undiciCase),
    arena.run('wire', fuzzCase),
  ]);
  if (fuzzCase.seed % TLS_EVERY === 0) {
    for (const [index, tls] of (await arena.run('tls', fuzzCase)).entries()) {
      counts.overTls++;
      const plain = wireOutcomes[index] as FuzzOutcome;
      if (!isDeepStrictEqual(tls, plain))
        assert.fail(describe(fuzzCase, index, 'the wire lane differs over TLS', tls, plain));
    }
  }
  const byWire = wireOutcomes.map((outcome) => JSON.parse(hinting(JSON.stringify(outcome))) as FuzzOutcome);
  for (const [index, lean] of byLean.entries()) {
    const undici = byUndici[index] as FuzzOutcome;
    if (!isDeepStrictEqual(lean, undici))
      assert.fail(describe(fuzzCase, index, 'undici differs over the lean socket', lean, undici));
  }
  for (const [index, wire] of byWire.entries()) {
    const undici = byUndici[index] as FuzzOutcome;
    const oracle = isLeftOut(fuzzCase, index, wire, undici)
      ? await arena.handOver(undiciCase, index)
      : undici;
    const fault =
      faultOf(fuzzCase, index, wire, oracle) ?? (await handOverFault(arena, undiciCase, index, wire, counts));
    if (fault !== undefined) assert.fail(describe(fuzzCase, index, fault, wire, undici));
    counts.answers++;
    if (wire.kind === 'ok') counts.wireTook++;
    if (wire.kind === 'ok' && undiciCase !== fuzzCase) counts.tookWithContinue++;
    if (undici.kind === 'ok') counts.undiciTook++;
    if (isRefusal(wire)) counts.wireRefused++;
  }
}

/**
 * undici treats the connection of an answer to HEAD in ways of its own: it reuses one that it reads no more from
 * (Proxy-Connection: close), and gives one up for a Keep-Alive hint. Where the server tells requests apart, or undici
 * did not look at the answer, what counts is what undici makes of it on a fresh connection.
 */
function isLeftOut(fuzzCase: FuzzCase, index: number, wire: FuzzOutcome, undici: FuzzOutcome): boolean {
  if (wire.kind !== 'ok' || undici.kind !== 'failed') return false;
  if (fuzzCase.mode === 'lockstep') return true;
  return (
    undici.reached === 'queued-behind' &&
    fuzzCase.answers.slice(0, index).some(({ method }) => method === 'HEAD')
  );
}

function isRefusal(outcome: FuzzOutcome): boolean {
  return outcome.kind === 'failed' && outcome.code === 'unsupported-framing';
}

/** What is wrong, or undefined where all is well. */
function faultOf(
  fuzzCase: FuzzCase,
  index: number,
  wire: FuzzOutcome,
  undici: FuzzOutcome,
): string | undefined {
  if (wire.kind === 'hung') return 'the wire lane hung';
  if (undici.kind === 'hung') return 'undici hung';
  const answer = fuzzCase.answers[index];
  const isFirstToFail = wire.kind === 'failed' && wire.reached !== 'queued-behind';
  if (wire.kind === 'ok') {
    if (undici.kind !== 'ok') return 'the wire lane took what undici refuses';
    if (!isDeepStrictEqual(wire, undici)) return 'the transports differ';
  } else if (undici.kind === 'ok' && isFirstToFail && !isRefusal(wire)) {
    return 'the wire lane lost what undici took';
  }
  if (fuzzCase.isMutated) return undefined;
  // Behind an answer after which the connection is not used again there is nothing to compare.
  const isAnswered = undici.kind === 'ok' || undici.reached !== 'queued-behind';
  if (isAnswered && !isDeepStrictEqual(undici, { kind: 'ok', ...answer?.expected }))
    return 'undici differs from the grammar';
  if (isFirstToFail && answer?.isStrict === true) return 'the wire lane refused a plain answer';
  return undefined;
}

/** The engine's hand-over: what the wire lane refuses is fetched again through undici, alone on a fresh connection. */
async function handOverFault(
  arena: FuzzArena,
  fuzzCase: FuzzCase,
  index: number,
  wire: FuzzOutcome,
  counts: Counts,
): Promise<string | undefined> {
  if (wire.kind === 'ok') return undefined;
  const alone = await arena.handOver(fuzzCase, index);
  if (alone.kind === 'hung') return 'the hand-over hung';
  if (isRefusal(wire) && alone.kind === 'ok') counts.handedOver++;
  const { expected } = fuzzCase.answers[index] ?? {};
  if (expected && !isDeepStrictEqual(alone, { kind: 'ok', ...expected }))
    return 'the hand-over differs from the grammar';
  return undefined;
}

function describe(
  fuzzCase: FuzzCase,
  index: number,
  fault: string,
  found: FuzzOutcome,
  undici: FuzzOutcome,
): string {
  return [
    `${fault}: answer ${index} of case ${fuzzCase.seed} (${fuzzCase.mode}).`,
    `Again: SPILLWAY_FUZZ_SEED=${fuzzCase.seed} SPILLWAY_FUZZ_CASES=1 node --test test/faults/wire-fuzz.test.ts`,
    `asked  ${fuzzCase.answers.map(({ method }) => method).join(' ')}`,
    `pieces ${JSON.stringify(fuzzCase.pieces)}`,
    `found  ${JSON.stringify(found)}`,
    `undici ${JSON.stringify(undici)}`,
  ]
    .map((line) => line.slice(0, 4_000))
    .join('\n');
}
