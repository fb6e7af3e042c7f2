// The names of failures that `retry --only` takes: a code, a group of codes, or a status. Pure.

import { FAILURE_CODES, type FailureCode } from './errors.ts';
import type { FailedOutcome } from './outcome.ts';

/** Names for several codes. */
export const FAILURE_GROUPS = {
  timeout: ['connect-timeout', 'first-byte-timeout', 'idle-timeout', 'total-timeout', 'too-slow', 'stalled'],
  names: ['dns', 'name-unknown'],
  connect: ['connect-refused', 'connect-timeout', 'connect-failed', 'origin-dead'],
  connection: ['connect-refused', 'connect-timeout', 'connect-failed', 'origin-dead', 'connection-lost'],
  status: ['http-status'],
  redirect: ['too-many-redirects', 'bad-redirect'],
  body: ['body-mismatch', 'body-too-large', 'bad-encoding'],
  local: ['out-of-files', 'out-of-ports', 'out-of-buffers'],
} as const satisfies Record<string, readonly FailureCode[]>;

const STATUS = /^[1-5](?:\d\d|xx)$/u;

/** What `--only` takes, for messages to a person. */
export const CLASS_NAMES = [...FAILURE_CODES, ...Object.keys(FAILURE_GROUPS), '4xx', '5xx', '404'].join(', ');

/** True when `name` is a code, a group, or a status such as 503 or 5xx. */
export function isFailureClass(name: string): boolean {
  return (
    Object.hasOwn(FAILURE_GROUPS, name) || STATUS.test(name) || FAILURE_CODES.includes(name as FailureCode)
  );
}

/** @param names classes; a failure of any of them matches */
export function matchFailures(names: readonly string[]): (failure: FailedOutcome) => boolean {
  const codes = new Set<string>(
    names.flatMap(
      (name): readonly string[] => (FAILURE_GROUPS as Record<string, readonly string[]>)[name] ?? [name],
    ),
  );
  const statuses = names.filter((name) => STATUS.test(name)).map((name) => name.replace('xx', ''));
  return ({ code, status }) =>
    codes.has(code) || (code === 'http-status' && statuses.some((start) => String(status).startsWith(start)));
}
