// How many worker threads and replicas of the mock server a machine supports. Pure: from the request and the
// facts to a number and the sentence that explains it.
import { SpillwayError } from '../model/errors.ts';
import type { Limits } from './read.ts';

/** More threads than this have never helped; the cap only catches typing errors. */
const MAX_COUNT = 256;
const MAX_PER_CORE_COUNT = 4;
/** Lets a small machine try how more threads than cores share the work. */
const MIN_CAP_COUNT = 8;

/** The highest number that may be asked for: 4 for each usable core, at least 8, at most 256. */
export function mostThreadsOn(usableCores: number): number {
  return Math.min(MAX_COUNT, Math.max(MIN_CAP_COUNT, Math.floor(usableCores * MAX_PER_CORE_COUNT)));
}

/** The same on this machine. */
export function maxThreadCount({ cpu }: Limits): number {
  return mostThreadsOn(cpu.usableCores);
}

/**
 * Worker threads for `--cores`. `auto`: every usable core, or two thirds of them (rounded up) when the server runs on
 * the same machine. Two thirds, because on 2 cores two threads beat one even so (10,000 x 1 s in 1.94 s against 2.5 s),
 * and because a request costs the client more CPU than the server. Never below 1.
 * @throws SpillwayError ERR_OPTION when a number is asked for that is not whole, below 1 or above `maxThreadCount`
 */
export function resolveCores(
  request: 'auto' | number,
  limits: Limits,
  options: { readonly sharesMachineWithServer: boolean },
): { readonly workers: number; readonly reason: string } {
  const shared = options.sharesMachineWithServer;
  const { count, reason } = resolve('cores', request, limits, {
    of: shared ? (cores) => Math.ceil((cores * 2) / 3) : Math.floor,
    why: shared ? 'two thirds of them, because the server runs here too' : 'one worker each',
  });
  return { workers: count, reason };
}

/**
 * Replicas of the mock server for `--replicas`. `auto`: every usable core, or a third of them (rounded up) when the
 * client runs on the same machine: with 2 cores, one or two replicas were best. Never below 1.
 * @throws SpillwayError ERR_OPTION as `resolveCores`
 */
export function resolveReplicas(
  request: 'auto' | number,
  limits: Limits,
  options: { readonly sharesMachineWithClient: boolean },
): { readonly replicas: number; readonly reason: string } {
  const shared = options.sharesMachineWithClient;
  const { count, reason } = resolve('replicas', request, limits, {
    of: shared ? (cores) => Math.ceil(cores / 3) : Math.floor,
    why: shared ? 'a third of them, because the client runs here too' : 'one replica each',
  });
  return { replicas: count, reason };
}

interface Share {
  /** Exact for whole cores, as it multiplies before it divides. */
  readonly of: (cores: number) => number;
  readonly why: string;
}

function resolve(
  option: string,
  request: 'auto' | number,
  limits: Limits,
  share: Share,
): { count: number; reason: string } {
  const { usableCores, how } = limits.cpu;
  const most = maxThreadCount(limits);
  if (request === 'auto') {
    const count = Math.min(most, Math.max(1, share.of(usableCores)));
    return { count, reason: `usable cores: ${usableCores} (${how}); ${share.why}` };
  }
  if (Number.isInteger(request) && request >= 1 && request <= most)
    return { count: request, reason: `asked for; usable cores: ${usableCores} (${how})` };
  throw new SpillwayError(
    'ERR_OPTION',
    `expected --${option} to be auto or a whole number from 1 to ${most} (usable cores: ${usableCores}, ${how}), ` +
      `found ${request}; leave it at auto or give a number in that range`,
  );
}
