// Completion in the shells themselves: what somebody gets who presses the tab key.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { scratchDirectory } from '../../helpers/scratch.ts';
import { MAIN } from '../../helpers/program.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const isThere = (shell: Shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0;

/** Writes the script as the program prints it; returns its path. */
function writeScript(t: TestContext, shell: Shell): string {
  const { stdout, status, stderr } = spawnSync(process.execPath, [MAIN, 'completion', shell], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const file = join(scratchDirectory(t), `spillway.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

/** The words that bash offers for the last one of `line`. */
function completeInBash(script: string, line: string): string[] {
  const words = line.split(' ');
  const code = `compopt() { echo "compopt $*"; }; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _spillway; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run('bash', ['--norc', '-c', code, 'bash', script, ...words])
    .split('\n')
    .filter(Boolean);
}

function completeInFish(script: string, line: string): string[] {
  const code = `source $argv[1]; complete -C $argv[2]`;
  return run('fish', ['--no-config', '-c', code, script, line])
    .split('\n')
    .filter(Boolean)
    .map((each) => each.split('\t')[0] as string);
}

/** What the line has become in zsh after a press of the tab key at its end. */
function completeInZsh(script: string, line: string): string {
  const out = `${script}.out`;
  rmSync(out, { force: true });
  const setUp = [
    'PROMPT= RPROMPT=',
    'autoload -Uz compinit; compinit -u -D',
    `source ${script}`,
    `show() { print -r -- "$BUFFER" > ${out}; zle -I; exit }`,
    'zle -N show',
    "bindkey '^X' show",
    "bindkey '^I' complete-word",
    'unsetopt beep; setopt no_auto_menu no_list_ambiguous',
    'print READY',
  ].join('; ');
  const code = `zmodload zsh/zpty
zpty spillway zsh -f -i
zpty -w spillway ${JSON.stringify(setUp).replaceAll('$', '\\$')}
zpty -r spillway text '*READY*READY*'
zpty -w -n spillway $'${line}\\t\\x18'
repeat 100; do [[ -s ${out} ]] && break; sleep 0.05; done
zpty -d spillway`;
  run('zsh', ['-f', '-c', code]);
  return readFileSync(out, 'utf8').trim();
}

function run(shell: Shell, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(shell, args, { encoding: 'utf8', timeout: 20_000 });
  assert.equal(status, 0, stderr);
  return stdout;
}

suite('completion', () => {
  test('bash offers the words that options take beside others', {
    skip: !isThere('bash') && 'no bash here',
  }, (t) => {
    const script = writeScript(t, 'bash');
    assert.deepEqual(completeInBash(script, 'spillway bench --strategy mult'), ['multicore']);
    assert.deepEqual(completeInBash(script, 'spillway retry --only time'), ['timeout']);
    assert.deepEqual(completeInBash(script, 'spillway serve --faults host'), ['hostile']);
  });

  test('bash completes commands, options, words and files', {
    skip: !isThere('bash') && 'no bash here',
  }, (t) => {
    const script = writeScript(t, 'bash');
    assert.deepEqual(completeInBash(script, 'spillway ben'), ['bench']);
    assert.deepEqual(completeInBash(script, 'spillway bench --fam'), ['--family']);
    assert.deepEqual(completeInBash(script, 'spillway bench --family h'), ['h2c']);
    assert.deepEqual(completeInBash(script, 'spillway bench --trials 1'), []);
    assert.deepEqual(completeInBash(script, 'spillway fetch --to o'), ['compopt -o default']);
    assert.deepEqual(completeInBash(script, 'spillway completion z'), ['zsh']);
  });

  test('fish completes commands, options and words', { skip: !isThere('fish') && 'no fish here' }, (t) => {
    const script = writeScript(t, 'fish');
    assert.deepEqual(completeInFish(script, 'spillway ben'), ['bench']);
    assert.deepEqual(completeInFish(script, 'spillway bench --fam'), ['--family']);
    assert.deepEqual(completeInFish(script, 'spillway bench --family h'), ['h2c']);
    assert.deepEqual(completeInFish(script, 'spillway completion z'), ['zsh']);
  });

  test('zsh completes commands, options and words', { skip: !isThere('zsh') && 'no zsh here' }, (t) => {
    const script = writeScript(t, 'zsh');
    assert.equal(completeInZsh(script, 'spillway ben'), 'spillway bench');
    assert.match(completeInZsh(script, 'spillway bench --fam'), /^spillway bench --family$/);
    assert.match(completeInZsh(script, 'spillway bench --family h'), /^spillway bench --family h2c$/);
    assert.match(completeInZsh(script, 'spillway completion z'), /^spillway completion zsh$/);
  });

  test('a shell that it has no script for is refused', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'completion', 'tcsh'], {
      encoding: 'utf8',
    });
    assert.equal(status, 2);
    assert.match(stderr, /expected bash, zsh, fish, found "tcsh"/);
  });
});
