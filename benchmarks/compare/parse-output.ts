// Reads what each program prints about its own run: one pure function for each program, tested with output captured
// from the real one. Output that cannot be read throws; it never counts as 0.
import type { Answered } from './measurement.ts';

const NOTHING_MORE = { innerCpuUs: null, startUpMs: null, complaint: null } as const;

/** `h2load`: its rate has more digits than its rounded time, so the time is worked out from it. */
export function parseH2load(output: string): Answered {
  const finished = match(output, /finished in ([\d.]+)(us|ms|s|m|h), ([\d.]+) req\/s/, 'h2load');
  const requests = match(output, /(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored/, 'h2load');
  const unitMs = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[
    finished[2] as 'us' | 'ms' | 's' | 'm' | 'h'
  ];
  const doneCount = Number(requests[1]);
  const perSec = Number(finished[3]);
  return {
    ...NOTHING_MORE,
    okCount: Number(requests[2]),
    failedCount: Number(requests[3]),
    innerWallMs: perSec > 0 ? (doneCount / perSec) * 1000 : Number(finished[1]) * unitMs,
  };
}

/** `ab`. An answer that is not 2xx is a complete request to it, so these are taken off. */
export function parseAb(output: string): Answered {
  const complete = Number(match(output, /Complete requests:\s+(\d+)/, 'ab')[1]);
  const failed = Number(match(output, /Failed requests:\s+(\d+)/, 'ab')[1]);
  const non2xx = Number(/Non-2xx responses:\s+(\d+)/.exec(output)?.[1] ?? 0);
  return {
    ...NOTHING_MORE,
    okCount: complete - failed - non2xx,
    failedCount: failed + non2xx,
    innerWallMs: Number(match(output, /Time taken for tests:\s+([\d.]+) seconds/, 'ab')[1]) * 1000,
  };
}

/** `hey`. It keeps no more than a million results, so a larger run cannot be read from its counts. */
export function parseHey(output: string): Answered {
  const totalMs = Number(match(output, /Total:\s+([\d.]+) secs/, 'hey')[1]) * 1000;
  let okCount = 0;
  let failedCount = 0;
  for (const [, status, count] of output.matchAll(/^\s+\[(\d{3})\]\s+(\d+) responses/gm)) {
    if (status?.startsWith('2') === true) okCount += Number(count);
    else failedCount += Number(count);
  }
  const errors = output.slice(output.indexOf('Error distribution:'));
  let complaint: string | null = null;
  if (output.includes('Error distribution:')) {
    for (const [, count, text] of errors.matchAll(/^\s+\[(\d+)\]\s+(\S.*)$/gm)) {
      failedCount += Number(count);
      complaint ??= text ?? null;
    }
  }
  return { ...NOTHING_MORE, okCount, failedCount, innerWallMs: totalMs, complaint };
}

/** `wrk`, which runs for a time and not for a number of requests. */
export function parseWrk(output: string): Answered {
  const requests = match(output, /(\d+) requests in ([\d.]+)(us|ms|s|m|h),/, 'wrk');
  const unitMs = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[
    requests[3] as 'us' | 'ms' | 's' | 'm' | 'h'
  ];
  const bad = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const socketErrors = sockets === null ? 0 : sockets.slice(1).reduce((sum, count) => sum + Number(count), 0);
  return {
    ...NOTHING_MORE,
    okCount: Number(requests[1]) - bad,
    failedCount: bad + socketErrors,
    innerWallMs: Number(requests[2]) * unitMs,
    complaint: sockets === null ? null : sockets[0],
  };
}

/** `autocannon --json`. */
export function parseAutocannon(output: string): Answered {
  const result = JSON.parse(output) as Record<string, unknown>;
  const count = (field: string): number => readNumber(result, field, 'autocannon');
  const startedMs = Date.parse(String(result['start']));
  const finishedMs = Date.parse(String(result['finish']));
  return {
    ...NOTHING_MORE,
    okCount: count('2xx'),
    failedCount: count('non2xx') + count('errors'),
    innerWallMs: finishedMs - startedMs,
  };
}

/** The last line of `aiohttp_gather.py`. */
export function parseAiohttp(output: string): Answered {
  const account = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  return {
    ...NOTHING_MORE,
    okCount: readNumber(account, 'ok', 'aiohttp'),
    failedCount: readNumber(account, 'failed', 'aiohttp'),
    innerWallMs: readNumber(account, 'wallMs', 'aiohttp'),
    innerCpuUs: readNumber(account, 'cpuUs', 'aiohttp'),
  };
}

/** The record `spillway bench --json` writes: of one round, or of a bench with one round. */
export function parseSpillway(record: string): Answered {
  const round = findRound(JSON.parse(record));
  if (round === null) {
    throw new Error('expected a spillway record with one round (wallMs, tally, proof), found another shape');
  }
  const tally = round['tally'] as Record<string, unknown>;
  const proof = round['proof'] as Record<string, unknown> | undefined;
  const okCount = readNumber(tally, 'ok', 'spillway');
  const isBroken = proof?.['verdict'] === 'broken';
  const problems = Array.isArray(proof?.['problems']) ? proof['problems'] : [];
  return {
    okCount,
    failedCount: readNumber(tally, 'failed', 'spillway'),
    innerWallMs: readNumber(round, 'wallMs', 'spillway'),
    innerCpuUs: readNumber(round, 'clientCpuUsPerTrial', 'spillway') * okCount,
    startUpMs: readNumber(round, 'startUpMs', 'spillway'),
    complaint: isBroken ? `the proof is broken: ${String(problems[0] ?? 'no problem named')}` : null,
  };
}

/** The first object, from the outside in, that has a round's wall time and tally. */
function findRound(value: unknown, depth = 0): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null || depth > 5) return null;
  const object = value as Record<string, unknown>;
  if (typeof object['wallMs'] === 'number' && typeof object['tally'] === 'object') return object;
  for (const inner of Object.values(object)) {
    const found = findRound(inner, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

function readNumber(object: Record<string, unknown>, field: string, program: string): number {
  const value = object[field];
  if (typeof value !== 'number')
    throw new Error(`expected a number "${field}" from ${program}, got ${String(value)}`);
  return value;
}

function match(output: string, pattern: RegExp, program: string): RegExpExecArray {
  const found = pattern.exec(output);
  if (found === null) {
    throw new Error(`expected output of ${program} with ${String(pattern)}, got: ${output.slice(0, 300)}`);
  }
  return found;
}
