// A copy of the house in an empty folder, as a clone would have it with all that is not committed yet, and with what
// `npm ci` brought here.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../helpers/program.ts';

/** @returns its directory, which the caller removes */
export function copyHouse(): string {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-house-'));
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const file of list.split('\0')) {
    // What others delete meanwhile is not there any more.
    if (file !== '' && existsSync(join(ROOT, file)))
      cpSync(join(ROOT, file), join(directory, file), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  return directory;
}
