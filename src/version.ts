// Which version of the program this is; apart from the rest, because help needs it and nothing else.

import { readFileSync } from 'node:fs';
import { manifestUrl } from './program-url.ts';

/** This program's version, as its manifest says; `unknown` where a bundler has torn the two apart. */
export const PROGRAM_VERSION = readVersion();

function readVersion(): string {
  try {
    const text = readFileSync(manifestUrl, 'utf8');
    return (JSON.parse(text) as { version?: string }).version ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
