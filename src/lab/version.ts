// Which version of the program this is; apart from the rest, because help needs it and nothing else.

import { readFileSync } from 'node:fs';

/** This program's version, as its manifest says; `unknown` where a bundler has torn the two apart. */
export const PROGRAM_VERSION = readVersion();

function readVersion(): string {
  try {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    return (JSON.parse(text) as { version?: string }).version ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
