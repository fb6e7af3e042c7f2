// Finds options of a round that contradict each other, and reports all of them before anything is planned or
// started.

import { SpillwayError } from '../model/errors.ts';
import type { RoundOptions } from './round-options.ts';

/** @throws SpillwayError `ERR_OPTION`, a line for each problem */
export function checkRequest(options: RoundOptions): void {
  const problems = [wireProblem(options), tlsProblem(options), pipeliningProblem(options)].filter(
    (problem) => problem !== null,
  );
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
}

function wireProblem({ transport, family }: RoundOptions): string | null {
  if (transport !== 'wire' || family !== 'h2c') return null;
  return '--transport: expected HTTP/1.1 for wire, found --family h2c; leave the transport at auto';
}

function tlsProblem({ family, server }: RoundOptions): string | null {
  if (!server.own || server.isTls !== true || family !== 'h2c') return null;
  return '--tls: expected a family of HTTP/1.1, found --family h2c, whose mock server speaks plain TCP; leave one out';
}

function pipeliningProblem({ family, pipelining }: RoundOptions): string | null {
  if (family !== 'one-per-connection' || pipelining === 'auto' || pipelining === 1) return null;
  return `--pipelining: expected 1 for --family one-per-connection, found ${pipelining}; add --family pipelined or h2c, or leave --pipelining out`;
}
