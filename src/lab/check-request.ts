// What was asked of a round that cannot be together, all of it at once, before anything is planned or started.

import { SpillwayError } from '../model/errors.ts';
import type { RoundOptions } from './round-options.ts';

/** @throws SpillwayError `ERR_OPTION`, a line for each problem */
export function checkRequest(options: RoundOptions): void {
  const problems = [wireProblem(options), pipeliningProblem(options)].filter((problem) => problem !== null);
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
}

function wireProblem({ transport, family, server }: RoundOptions): string | null {
  if (transport !== 'wire') return null;
  const found =
    family === 'h2c' ? '--family h2c' : !server.own && !server.origin.startsWith('http:') ? 'https' : null;
  if (found === null) return null;
  return `--transport: expected plain HTTP/1.1 for wire, found ${found}; leave the transport at auto`;
}

function pipeliningProblem({ family, pipelining }: RoundOptions): string | null {
  if (family !== 'one-per-connection' || pipelining === 'auto' || pipelining === 1) return null;
  return `--pipelining: expected 1 for --family one-per-connection, found ${pipelining}; add --family pipelined or h2c, or leave --pipelining out`;
}
