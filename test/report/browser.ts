// Debian's Chromium for the tests of pages. Where it is missing the tests are skipped by name; CI lets nothing skip.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Why tests of pages cannot run here; false where they can, and in CI, where they must. */
export const skipWithoutBrowser: string | false =
  existsSync(EXECUTABLE) || process.env['CI'] === 'true'
    ? false
    : `expected Chromium at ${EXECUTABLE}, found none; apt-get install chromium`;

/** A browser with a profile of its own, which speaks to nobody by itself. The caller closes it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
