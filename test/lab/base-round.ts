// What a comparison leaves to its strategies, with a mock server of its own.

import type { SweepOptions } from '../../src/lab/prepared-sweep.ts';

export function baseRound(given: {
  readonly trialCount: number;
  readonly delayMs: number;
}): SweepOptions['base'] {
  return {
    trialCount: given.trialCount,
    family: 'one-per-connection',
    transport: 'auto',
    cores: 'auto',
    processes: 'auto',
    lanes: 'auto',
    connections: 'auto',
    pipelining: 'auto',
    maxInFlight: 'auto',
    server: { own: true, delayMs: given.delayMs, replicas: 1, port: 0, kind: 'auto' },
    attempt: {
      connectMs: 20_000,
      firstByteMs: 20_000,
      idleMs: 20_000,
      totalMs: 20_000,
      maxRetries: 2,
      maxHeaderBytes: 16_384,
      maxBodyBytes: 1_024,
    },
    command: 'a test',
  };
}
