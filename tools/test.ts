// `npm test` and `npm run test:unit`: runs the tests, and names at the end those that did not run here and why.
// Arguments after the kind are passed to `node --test`; a path among them runs that file instead.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { testFiles } from './test-files.ts';

const [kind, ...given] = process.argv.slice(2);
if (kind !== 'all' && kind !== 'unit') throw new Error(`expected all or unit, found ${kind}`);
const isNamed = given.some((argument) => argument.endsWith('.test.ts'));
const skips = fileURLToPath(new URL('report-skips.ts', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-concurrency=2',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${skips}`,
    '--test-reporter-destination=stdout',
    ...given,
    ...(isNamed ? [] : testFiles(kind)),
  ],
  { stdio: 'inherit', cwd: fileURLToPath(new URL('..', import.meta.url)) },
);
process.exitCode = status ?? 1;
