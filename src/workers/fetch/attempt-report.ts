// Tells the budgets what the end of an attempt says about its origin: an answer, a refusal, trouble, or
// nothing.

import { FAILURES } from '../../model/errors.ts';
import type { AttemptEnd } from './attempt/attempt-end.ts';
import type { FetchAttempt } from './attempt/fetch-attempt.ts';
import type { OriginBudgets } from './origin/origin-budgets.ts';

const REFUSALS = new Set([429, 503]);
/** Failures of an answer that had begun which an overloaded origin may cause. */
const TROUBLE = new Set(['idle-timeout', 'total-timeout', 'too-slow', 'body-mismatch', 'stalled']);

export function reportToBudget(
  budgets: OriginBudgets,
  { job, sentAtMs, isReleased }: FetchAttempt,
  end: AttemptEnd,
): void {
  const { originRow, status } = job;
  const isAlone = isReleased || job.isSuspect;
  if (end.kind === 'ok' || end.kind === 'redirect') {
    budgets.answered(originRow, sentAtMs);
  } else if (end.kind === 'failed') {
    if (end.code === 'http-status') {
      if (REFUSALS.has(status)) budgets.refused(originRow, sentAtMs);
      else budgets.answered(originRow, sentAtMs);
    } else if (status !== 0) {
      if (TROUBLE.has(end.code)) budgets.failed(originRow, isAlone);
    } else if (isOfOrigin(end.code)) {
      budgets.failed(originRow, isAlone);
      if (FRUITLESS.has(end.code)) budgets.cameToNothing(originRow);
    }
  }
}

/** Failures of attempts that an unreachable origin causes. */
const FRUITLESS = new Set([
  'connect-refused',
  'connect-timeout',
  'connect-failed',
  'first-byte-timeout',
  'connection-lost',
  'stalled',
]);

/** True unless this machine caused the failure, or another transport has to take the answer. */
function isOfOrigin(code: keyof typeof FAILURES): boolean {
  const { shrink, handOver } = FAILURES[code];
  return !shrink && !handOver && code !== 'aborted' && code !== 'dns' && code !== 'name-unknown';
}
