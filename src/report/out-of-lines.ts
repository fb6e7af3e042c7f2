// What to say where this machine, not a server, was at fault: a failure of ours names who knows more. Pure.

import { type FailureCode, FAILURES } from '../model/errors.ts';

/** One line where attempts failed because this machine ran out of something; else none. */
export function outOfLines(counts: Readonly<Partial<Record<FailureCode, number>>>): string[] {
  const codes = (Object.keys(counts) as FailureCode[]).filter((code) => FAILURES[code]?.shrink);
  return codes.length === 0
    ? []
    : [`limit: ${codes.join(', ')}: this machine has no more; \`spillway doctor\` shows what would lift it`];
}
