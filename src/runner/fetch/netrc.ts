// Logins from a netrc file, as ftp and curl read it: machine, default, login, password, account, macdef. Pure.

import { SpillwayError } from '../../model/errors.ts';
import type { HostLogin } from '../../model/fetch-task.ts';

/** Character that a backslash and the key stand for inside quotes; any other character stands for itself. */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * Returns logins in the file's order and skips entries without a login and password. A `#` begins a comment where a
 * word of the format could stand; inside a value it is an ordinary character.
 * @throws SpillwayError ERR_OPTION for a quote that is not closed
 */
export function parseNetrc(text: string): HostLogin[] {
  const tokens = new Tokens(text);
  const logins: HostLogin[] = [];
  let entry: { host: string; login?: string; password?: string } | null = null;
  const close = () => {
    if (entry?.login !== undefined && entry.password !== undefined)
      logins.push({ host: entry.host, login: entry.login, password: entry.password });
  };
  for (let word = tokens.word(); word !== null; word = tokens.word()) {
    if (word === 'machine' || word === 'default') {
      close();
      entry = { host: word === 'default' ? '' : tokens.value().toLowerCase() };
    } else if (word === 'login' || word === 'password') {
      const value = tokens.value();
      if (entry !== null) entry[word] = value;
    } else if (word === 'account') {
      tokens.value();
    } else if (word === 'macdef') {
      tokens.skipMacro();
    }
  }
  close();
  return logins;
}

class Tokens {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.replace(/^\ufeff/u, '');
  }

  /** The next word of the format, skipping comments; null at the end. */
  word(): string | null {
    for (;;) {
      this.#skip(/\s*/uy);
      if (this.#at >= this.#text.length) return null;
      if (this.#text[this.#at] !== '#') return this.#plain();
      this.#skip(/[^\r\n]*/uy);
    }
  }

  /** The value after a word, quoted or not; '' at the end. */
  value(): string {
    this.#skip(/\s*/uy);
    return this.#text[this.#at] === '"' ? this.#quoted() : this.#plain();
  }

  /** Skips to the blank line that ends a macro. */
  skipMacro(): void {
    const end = /\r?\n[ \t]*(?:\r?\n|$)/gu;
    end.lastIndex = this.#at;
    this.#at = end.exec(this.#text) === null ? this.#text.length : end.lastIndex;
  }

  #plain(): string {
    const start = this.#at;
    this.#skip(/\S*/uy);
    return this.#text.slice(start, this.#at);
  }

  #quoted(): string {
    const start = this.#at;
    let value = '';
    for (let at = start + 1; at < this.#text.length; at++) {
      const character = this.#text[at] as string;
      if (character === '"') {
        this.#at = at + 1;
        return value;
      }
      const next = this.#text[at + 1];
      if (character !== '\\' || next === undefined) value += character;
      else {
        value += ESCAPES[next] ?? next;
        at++;
      }
    }
    const line = this.#text.slice(0, start).split('\n').length;
    throw new SpillwayError('ERR_OPTION', `--netrc: expected a closing quote for the one in line ${line}`);
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    pattern.exec(this.#text);
    this.#at = Math.max(this.#at, pattern.lastIndex);
  }
}
