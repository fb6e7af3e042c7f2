// Which version of the program this is; apart from the rest, because help needs it and nothing else.

import { readFileSync } from 'node:fs';

/** This program's version, as its manifest says. */
export const PROGRAM_VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
