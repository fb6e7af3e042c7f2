// What to say when this machine, not a server, was at fault: names the commands that show more. Pure.

import { type FailureCode, FAILURES } from '../model/errors.ts';

/** One line when attempts failed because this machine ran out of something; else empty. */
export function outOfLines(counts: Readonly<Partial<Record<FailureCode, number>>>): string[] {
  const codes = (Object.keys(counts) as FailureCode[]).filter((code) => FAILURES[code]?.shrink);
  return codes.length === 0
    ? []
    : [`limit: ${codes.join(', ')}: this machine has no more; \`spillway doctor\` shows what would lift it`];
}
