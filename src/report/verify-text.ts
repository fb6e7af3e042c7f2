// An audit as lines for a person.

import type { SkipReason } from '../model/outcome.ts';
import type { VerifyReport } from '../model/verify-report.ts';
import { printable } from './printable.ts';

const REASONS: Readonly<Record<SkipReason, string>> = {
  duplicate: 'listed before',
  drift: 'shown twice by the list',
  robots: 'disallowed by robots.txt',
  stopped: 'not begun',
};

/**
 * The verdict, one line for each problem, and the certificate.
 * @param certificateFile where it was written; null when it was not
 */
export function verifyLines(report: VerifyReport, certificateFile: string | null): string[] {
  const { right, expected, bytes, isComplete, certificate } = report;
  const what =
    report.against === 'numbers'
      ? 'numbers there once'
      : certificate.isReadBack
        ? 'bodies with the recorded length and SHA-256'
        : 'bodies recorded; this sink keeps none, so none was read';
  const lines = [
    `${isComplete ? 'complete' : 'NOT complete'}: ${right} of ${expected} ${what}, ${bytes} bytes`,
  ];
  for (const [reason, count] of Object.entries(certificate.skipped))
    lines.push(`skipped, ${REASONS[reason as SkipReason]}: ${count}`);
  for (const [kind, count] of Object.entries(report.counts)) {
    lines.push(`${kind}: ${count}`);
    for (const problem of report.problems.filter((each) => each.kind === kind)) {
      lines.push(
        `  ${problem.path === '' ? '' : `${printable(problem.path)}: `}${printable(problem.detail)}`,
      );
    }
  }
  lines.push(`certificate: ${certificate.ok} targets, ${certificate.bytes} bytes, ${certificate.digest}`);
  if (certificateFile !== null) lines.push(`  in ${certificateFile}`);
  return lines;
}
