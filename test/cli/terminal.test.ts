import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlainTerminal, withoutBlocks } from '../../src/cli/terminal.ts';

test('a dumb terminal and a locale that is not UTF-8 get neither cursor movements nor blocks', () => {
  const table: readonly (readonly [environment: NodeJS.ProcessEnv, isPlain: boolean])[] = [
    [{}, false],
    [{ TERM: 'xterm', LANG: 'en_US.UTF-8' }, false],
    [{ TERM: 'xterm', LANG: 'C.utf8' }, false],
    [{ TERM: 'dumb', LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'C' }, true],
    [{ LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }, true],
    [{ LC_ALL: '', LC_CTYPE: 'C', LANG: 'en_US.UTF-8' }, true],
    [{ LC_ALL: 'C.UTF-8', LANG: 'C' }, false],
  ];
  for (const [environment, isPlain] of table)
    assert.equal(isPlainTerminal(environment), isPlain, JSON.stringify(environment));
});

test('bars become letters of ASCII, one for one', () => {
  const bar = '▁▂▃▄▅▆▇█░ 41 %';
  const plain = withoutBlocks(bar, true);
  assert.match(plain, /^[ -~]+$/u);
  assert.equal(plain.length, bar.length);
  assert.equal(withoutBlocks(bar, false), bar);
});
