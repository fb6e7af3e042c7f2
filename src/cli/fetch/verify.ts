// `spillway verify`: audits the bodies and the record of a run, offline, and writes the certificate.

import { Command } from 'commander';
import { verifyLines } from '../../report/verify-text.ts';
import { verifyRuns } from '../../runner/fetch/verify/verify.ts';
import { keepHeapFlat } from './flat-heap.ts';
import { addOptions, readOptions, row } from '../options.ts';
import { flag, plainText } from '../values.ts';

export const VERIFY_OPTIONS = {
  certificate: row({
    flags: '--certificate <file>',
    meaning: 'where the certificate goes (default: beside the record of the run, where it is one)',
    parse: plainText(),
  }),
  manifest: row({
    flags: '--manifest <file>',
    meaning: 'the sorted lines that the digest is of: target, length and SHA-256 of every body',
    parse: plainText(),
  }),
  json: row({ flags: '--json', initial: 'false', meaning: 'the audit as JSON', parse: flag() }),
} as const;

export function makeVerifyCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('verify')
    .argument('<output...>', 'what --to was, of every part; or any directory of files that say "k of n"')
    .action(async (paths: string[], given: Record<string, unknown>) => {
      const { json, certificate = null, manifest = null } = readOptions(VERIFY_OPTIONS, given);
      keepHeapFlat();
      const verified = await verifyRuns({ paths, manifestFile: manifest, certificateFile: certificate });
      const { report, certificateFile, unwritten } = verified;
      if (unwritten !== null)
        process.stderr.write(`the certificate was not kept beside the record: ${unwritten}\n`);
      const text = json ? JSON.stringify(report) : verifyLines(report, certificateFile).join('\n');
      process.stdout.write(`${text}\n`);
      finish(report.isComplete ? 0 : 1);
    });
  return addOptions(command, VERIFY_OPTIONS);
}
