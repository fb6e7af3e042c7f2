// A command line as the journal keeps it, so that `resume` needs only the run. Paths are absolute; options that
// hold a credential are left out and named, so that `resume` can ask for them again.

import { resolve } from 'node:path';
import { SpillwayError } from '../../model/errors.ts';
import type { StoredCommand } from '../../model/run-journal.ts';
import { holdsLogin, isSecretName } from '../../model/shown-url.ts';

type Given = Readonly<Record<string, unknown>>;

/** Options of one invocation, which are not kept for the next. */
const PASSING = new Set(['to', 'json', 'quiet', 'new']);
/** Options that name a file: kept as absolute paths, for a resume from another directory. */
const FILES = new Set(['ca']);
/** Options that hold a credential, or the name of a file that does. */
const SECRETS: Readonly<Record<string, string>> = {
  header: '--header',
  headerFile: '--header-file',
  listHeader: '--list-header',
  netrc: '--netrc',
};

export function storeCommand(sources: readonly string[], given: Given): StoredCommand {
  const withheld: string[] = [];
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const secret = nameSecret(name, text);
    if (secret !== null) withheld.push(secret);
    else if (!PASSING.has(name)) kept[name] = FILES.has(name) ? resolve(text) : text;
  }
  const open = sources.filter((source) => !isUrl(source) || !holdsLogin(source));
  if (open.length < sources.length) withheld.push('source');
  return { sources: open.map(storeSource), given: kept, withheld };
}

function nameSecret(name: string, text: string): string | null {
  const option = SECRETS[name];
  if (option !== undefined) return option;
  if ((name === 'proxy' || name === 'listApi') && holdsLogin(text))
    return name === 'proxy' ? '--proxy' : '--list-api';
  const isSecretParameter = text.split('\n').some((line) => isSecretName(line.split('=')[0] ?? ''));
  return name === 'listParam' && isSecretParameter ? '--list-param' : null;
}

function storeSource(source: string): string {
  return source === '-' || isUrl(source) ? source : resolve(source);
}

/** Whatever has no scheme is a path, which may hold any character. */
function isUrl(source: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//iu.test(source);
}

/**
 * The command to go on with.
 * @param given options typed now; they override those that are kept
 * @throws SpillwayError ERR_OPTION when the run has no command, or something that is not kept is missing
 */
export function recallCommand(
  run: string,
  command: StoredCommand | null,
  given: Given,
): { sources: readonly string[]; given: Given } {
  if (command === null) {
    throw new SpillwayError(
      'ERR_OPTION',
      `run: expected one that was begun by a command line, found none kept in "${run}": begin it again as it was begun`,
    );
  }
  const { sources } = command;
  // Secrets are never kept: one that stands in the journal was put there by somebody else.
  const smuggled = Object.entries(SECRETS).flatMap(([name, option]) =>
    command.given[name] === undefined ? [] : [option],
  );
  const withheld = [...new Set([...command.withheld, ...smuggled])];
  const key = (option: string) =>
    option.slice(2).replaceAll(/-([a-z])/gu, (_, letter: string) => letter.toUpperCase());
  const problems = withheld
    .filter((option) => option === 'source' || option === '--list-api' || given[key(option)] === undefined)
    .map((option) =>
      option.startsWith('--') && option !== '--list-api'
        ? `${option}: the run was begun with it; what may hold a credential is not kept: give it again`
        : `${option}: the run was begun with a login in its URL, which is not kept: type the whole command of the run again`,
    );
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
  return { sources, given: { ...command.given, ...given } };
}
