// A directory of a test's own, gone when the test ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Absolute path of an empty directory, removed after `t`. */
export function scratchDirectory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'spillway-test-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
