// Checks all options of a library call: an unknown name, a number out of its range, an unknown word. Collects every
// problem; `finish` throws them together.

import { SpillwayError } from '../model/errors.ts';
import { withoutLogins } from '../model/shown-url.ts';

export class OptionChecks {
  readonly #what: string;
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #problems: string[] = [];
  readonly #known = new Set<string>();

  /**
   * @param what the call, for messages, such as `startRun`
   * @throws SpillwayError ERR_OPTION when a caller without types gave no object at all
   */
  constructor(what: string, options: object) {
    const given: unknown = options;
    if (typeof given !== 'object' || given === null)
      throw new SpillwayError('ERR_OPTION', `${what}: expected an object of options, found ${String(given)}`);
    this.#what = what;
    this.#options = options as Readonly<Record<string, unknown>>;
  }

  number(name: string, [least, most, fallback]: NumberRange): number {
    return this.#numberOr(name, [least, most], fallback, Number.isSafeInteger, 'a whole number');
  }

  /** A number, which may have a fraction. */
  quantity(name: string, [least, most, fallback]: NumberRange): number {
    return this.#numberOr(name, [least, most], fallback, Number.isFinite, 'a number');
  }

  /** A whole number, or `fallback` where it was left out. */
  numberOr<Fallback>(
    name: string,
    range: readonly [least: number, most: number],
    fallback: Fallback,
  ): number | Fallback {
    return this.#numberOr(name, range, fallback, Number.isSafeInteger, 'a whole number');
  }

  word<Word extends string>(name: string, words: readonly Word[], fallback: Word): Word {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) this.#expect(name, words.map((each) => `'${each}'`).join(' or '), value);
    return word ?? fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#take(name);
    if (value === undefined || typeof value === 'boolean') return value ?? fallback;
    this.#expect(name, 'true or false', value);
    return fallback;
  }

  text(name: string): string | null {
    const value = this.#take(name);
    if (value === undefined) return null;
    if (typeof value === 'string' && value !== '') return value;
    this.#expect(name, 'some text', value);
    return null;
  }

  /** The value of an option that the caller checks itself. */
  other(name: string): unknown {
    return this.#take(name);
  }

  add(problem: string): void {
    this.#problems.push(problem);
  }

  /** Runs `make`; an ERR_OPTION it throws is one more problem. */
  collect<Result>(make: () => Result): Result | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof SpillwayError) || error.code !== 'ERR_OPTION') throw error;
      this.#problems.push(error.message);
      return undefined;
    }
  }

  /**
   * @throws SpillwayError ERR_OPTION with every problem, one a line; also for each option whose name no check has
   * read
   */
  finish(): void {
    const known = [...this.#known];
    for (const name of Object.keys(this.#options)) {
      if (this.#known.has(name)) continue;
      const close = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
      const hint = close === undefined ? known.join(', ') : close;
      this.#problems.push(`${name}: expected an option of ${this.#what} (${hint}), found none of that name`);
    }
    if (this.#problems.length > 0) throw new SpillwayError('ERR_OPTION', this.#problems.join('\n'));
  }

  #numberOr<Fallback>(
    name: string,
    [least, most]: readonly [number, number],
    fallback: Fallback,
    isRight: (value: number) => boolean,
    kind: string,
  ): number | Fallback {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    if (typeof value === 'number' && isRight(value) && value >= least && value <= most) return value;
    this.#expect(
      name,
      most === MANY ? `${kind} of ${least} or more` : `${kind} from ${least} to ${most}`,
      value,
    );
    return fallback;
  }

  #take(name: string): unknown {
    this.#known.add(name);
    return this.#options[name];
  }

  #expect(name: string, expected: string, found: unknown): void {
    this.#problems.push(`${name}: expected ${expected}, found ${shownValue(found)}`);
  }
}

/** How a message shows a value: without logins, since it may be a URL. */
export function shownValue(value: unknown): string {
  const shown = withoutLogins(String(value));
  return typeof value === 'string' ? `'${shown}'` : shown;
}

/** No upper bound. */
export const MANY = Number.MAX_SAFE_INTEGER;

export type NumberRange = readonly [least: number, most: number, fallback: number];
