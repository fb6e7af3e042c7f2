// A reporter of node:test that names every skipped test with its reason: what was not checked, because the machine
// lacks some package, must not look checked.

import type { TestEvent } from 'node:test/reporters';

export default async function* reportSkips(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: string[] = [];
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, skip, file } = event.data;
    if (skip === undefined || skip === false) continue;
    const reason = typeof skip === 'string' ? skip : 'no reason given';
    skipped.push(
      `  ${name}: ${reason}${file === undefined ? '' : ` (${file.replace(/^.*\/test\//, 'test/')})`}`,
    );
  }
  if (skipped.length === 0) return;
  yield `\nnot run here (${skipped.length}); .ci/run installs what they need on Debian:\n${skipped.join('\n')}\n`;
}
