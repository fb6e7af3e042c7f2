// An audit as a person reads it.

import type { VerifyReport } from '../model/verify-report.ts';
import { printable } from './printable.ts';

/** The verdict, then what is wrong, a line each. */
export function verifyLines(report: VerifyReport): string[] {
  const { right, expected, bytes, isComplete } = report;
  const what =
    report.against === 'record' ? 'files with the recorded length and SHA-256' : 'numbers there once';
  const lines = [
    `${isComplete ? 'complete' : 'NOT complete'}: ${right} of ${expected} ${what}, ${bytes} bytes`,
  ];
  for (const [kind, count] of Object.entries(report.counts)) {
    lines.push(`${kind}: ${count}`);
    for (const problem of report.problems.filter((each) => each.kind === kind)) {
      lines.push(
        `  ${problem.path === '' ? '' : `${printable(problem.path)}: `}${printable(problem.detail)}`,
      );
    }
  }
  return lines;
}
