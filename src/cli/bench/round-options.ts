// Turns command-line options into a round, which `bench` runs and `doctor` only plans.

import { readFileSync } from 'node:fs';
import { attemptLimits } from '../../lab/attempt-limits.ts';
import { SpillwayError } from '../../model/errors.ts';
import type { RoundOptions } from '../../lab/round-options.ts';
import type { BENCH_OPTIONS } from './bench-options.ts';
import type { ValuesOf } from '../options.ts';

const DEADLINE_MS = 60_000;
const RETRIES = 4;

type BenchValues = ValuesOf<typeof BENCH_OPTIONS>;
type Planned =
  | 'trials'
  | 'cores'
  | 'family'
  | 'transport'
  | 'lanes'
  | 'connections'
  | 'pipelining'
  | 'maxInFlight'
  | 'processes';

/** The options that both commands have; the rest takes the defaults of `bench`. */
export type RoundValues = Pick<BenchValues, Planned | 'origin' | 'delay' | 'replicas' | 'server'> &
  Partial<
    Pick<BenchValues, 'answer' | 'ca' | 'deadline' | 'insecure' | 'port' | 'retries' | 'tls' | 'waves'>
  >;

/** @param isDelayGiven whether the delay was typed, so that it is also known of a server that is not ours */
export function toRoundOptions(values: RoundValues, isDelayGiven: boolean): RoundOptions {
  const { origin, delay, deadline = DEADLINE_MS } = values;
  return {
    strategy: 'multicore',
    trialCount: values.trials,
    family: values.family,
    transport: values.transport,
    cores: values.cores,
    lanes: values.lanes,
    connections: values.connections,
    pipelining: values.pipelining,
    maxInFlight: values.maxInFlight,
    processes: values.processes,
    server:
      origin === undefined
        ? {
            own: true,
            delayMs: delay,
            replicas: values.replicas,
            port: values.port ?? 0,
            kind: values.server,
            answer: values.answer ?? 'json',
            isTls: values.tls ?? false,
          }
        : {
            own: false,
            origin,
            delayMs: isDelayGiven ? delay : null,
            tls: { ca: readCa(values.ca), isInsecure: values.insecure ?? false },
          },
    attempt: attemptLimits(delay, deadline, values.retries ?? RETRIES),
    isInWaves: values.waves ?? false,
    command: ['spillway', ...process.argv.slice(2)].join(' '),
  };
}

/** @throws SpillwayError `ERR_OPTION` when it cannot be read or holds no certificate */
function readCa(file: string | undefined): string | null {
  if (file === undefined) return null;
  let found: string;
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
    found = 'none in it';
  } catch (error) {
    found = (error as Error).message;
  }
  throw new SpillwayError('ERR_OPTION', `--ca: expected a file of certificates in PEM, found ${found}`);
}
