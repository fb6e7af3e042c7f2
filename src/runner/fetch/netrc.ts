// Logins from a netrc file, as ftp and curl read it: machine, default, login, password, account, macdef. Pure.

import type { HostLogin } from '../../model/fetch-task.ts';

/** Logins in the file's order; entries without a login and password are left out. */
export function parseNetrc(text: string): HostLogin[] {
  const withoutMacros = text.replaceAll(/^\s*macdef\s[^\n]*\n(?:[^\n]+\n)*/gmu, '');
  const tokens = [...withoutMacros.matchAll(/"((?:[^"\\]|\\.)*)"|#[^\n]*|(\S+)/gu)].flatMap(
    ([, quoted, plain]) =>
      quoted === undefined ? (plain === undefined ? [] : [plain]) : [quoted.replaceAll(/\\(.)/gu, '$1')],
  );
  const logins: HostLogin[] = [];
  let entry = null as { host: string; login?: string; password?: string } | null;
  const close = () => {
    if (entry?.login !== undefined && entry.password !== undefined) {
      logins.push({ host: entry.host, login: entry.login, password: entry.password });
    }
  };
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === 'machine' || token === 'default') {
      close();
      entry = { host: token === 'default' ? '' : (tokens[++at] ?? '').toLowerCase() };
    } else if (entry !== null && token === 'login') {
      entry = { ...entry, login: tokens[++at] ?? '' };
    } else if (entry !== null && token === 'password') {
      entry = { ...entry, password: tokens[++at] ?? '' };
    } else if (token === 'account') {
      at++;
    }
  }
  close();
  return logins;
}
