// Records of real runs for the tests of reports: a few trials, real servers, a short delay.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prepareSweep } from '../../src/lab/prepared-sweep.ts';
import { namedStrategy, type StrategyName } from '../../src/lab/strategies.ts';
import { startSweep } from '../../src/lab/sweep.ts';
import { prepareRound, startRound } from '../../src/lab/trial-round.ts';
import type { RoundOptions } from '../../src/lab/round-options.ts';
import type { Comparison } from '../../src/model/comparison.ts';
import type { Family, Transport } from '../../src/model/plan.ts';
import type { RoundRecord } from '../../src/model/record.ts';

export interface RoundWish {
  readonly family?: Family;
  readonly transport?: Transport;
  readonly command?: string;
  /** Ask for no more trials as soon as it runs. */
  readonly stopAtOnce?: boolean;
  /** Cut it as soon as requests are in flight, long before the first answer. */
  readonly abortUnanswered?: boolean;
  /** A server that answers every trial wrongly. */
  readonly wrongAnswers?: boolean;
}

const OWN_SERVER = { own: true, delayMs: 20, replicas: 1, port: 0, kind: 'auto' } as const;

function optionsOf({ family = 'one-per-connection', transport, command }: RoundWish): RoundOptions {
  return {
    strategy: 'multicore',
    trialCount: 40,
    family,
    transport: transport ?? 'auto',
    cores: 2,
    lanes: 'auto',
    connections: 'auto',
    pipelining: 'auto',
    maxInFlight: 'auto',
    processes: 'auto',
    server: OWN_SERVER,
    attempt: {
      connectMs: 20_000,
      firstByteMs: 20_000,
      idleMs: 20_000,
      totalMs: 20_000,
      maxRetries: 1,
      maxHeaderBytes: 16_384,
      maxBodyBytes: 1_024,
    },
    command: command ?? 'spillway bench --trials 40 --delay 20ms',
  };
}

/** The record of one real round of 40 trials. */
export async function runRound(wish: RoundWish): Promise<RoundRecord> {
  const options = optionsOf(wish);
  if (wish.wrongAnswers === true) return runAgainstLiar(options);
  if (wish.abortUnanswered === true) return runAborted(options);
  const round = startRound(prepareRound(options));
  if (wish.stopAtOnce === true) round.drain();
  return round.record;
}

async function runAborted(options: RoundOptions): Promise<RoundRecord> {
  const server = { ...OWN_SERVER, delayMs: 10_000 };
  const round = startRound(prepareRound({ ...options, server }), {
    onSnapshot: ({ inFlight }) => {
      if (inFlight > 0) round.abort();
    },
  });
  return round.record;
}

async function runAgainstLiar(options: RoundOptions): Promise<RoundRecord> {
  const liar = createServer((_, response) => response.end('<script>alert(1)</script>'));
  await new Promise<void>((resolve) => {
    liar.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`;
  try {
    return await startRound(prepareRound({ ...options, server: { own: false, origin, delayMs: null } }))
      .record;
  } finally {
    liar.closeAllConnections();
    liar.close();
  }
}

/** A real comparison: two rounds of each, with the scaling of the first. */
export async function runComparison(
  names: readonly StrategyName[] = ['multicore', 'optimized', 'pipelined'],
): Promise<Comparison> {
  const sweep = prepareSweep({
    strategies: names.map(namedStrategy),
    base: optionsOf({ command: 'spillway bench --strategy multicore,optimized,pipelined --rounds 2' }),
    roundCount: 2,
    budgetMs: 60_000,
    seed: 1,
    isScaled: true,
  });
  return startSweep(sweep).comparison;
}
