// The directory and the current commit of the repository, for commands that run from its root and for the record.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository's root, without a slash at its end. */
export const repositoryDir = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export interface Commit {
  readonly hash: string;
  readonly subject: string;
  /** Tracked files that differ from the commit; figures of a changed tree are not those of its commit. */
  readonly changedFiles: readonly string[];
}

/** The commit in the work tree; null outside a clone. */
export function readCommit(): Commit | null {
  try {
    const git = (...words: readonly string[]): string =>
      execFileSync('git', words, { cwd: repositoryDir, encoding: 'utf8', stdio: 'pipe' }).trimEnd();
    const changed = git('status', '--porcelain', '--untracked-files=no');
    return {
      hash: git('rev-parse', 'HEAD'),
      subject: git('log', '-1', '--format=%s'),
      changedFiles: changed === '' ? [] : changed.split('\n').map((line) => line.slice(3)),
    };
  } catch {
    return null;
  }
}
