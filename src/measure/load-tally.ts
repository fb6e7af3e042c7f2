// Counters of one worker of a load, in memory that the main thread reads while it runs. Each has one writer.

import { FAILURE_CODES, type FailureCode } from '../model/errors.ts';
import { type Check, CHECKS, LOAD_FIELDS, type LoadField } from '../model/load/load-task.ts';
import type { LoadTallyData } from '../model/load/load-record.ts';

const CHECK_START = LOAD_FIELDS.length;
const FAILURE_START = CHECK_START + CHECKS.length;
const FIELD_COUNT = FAILURE_START + FAILURE_CODES.length;
const INDEX = Object.fromEntries(LOAD_FIELDS.map((field, at) => [field, at])) as Record<LoadField, number>;

export class LoadTally {
  readonly #fields: Float64Array;

  constructor(buffer: SharedArrayBuffer = LoadTally.allocate()) {
    this.#fields = new Float64Array(buffer);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(FIELD_COUNT * 8);
  }

  get(field: LoadField): number {
    return this.#fields[INDEX[field]] as number;
  }

  set(field: LoadField, value: number): void {
    this.#fields[INDEX[field]] = value;
  }

  add(field: LoadField, amount: number): void {
    const at = INDEX[field];
    this.#fields[at] = (this.#fields[at] as number) + amount;
  }

  /** Counts an answer that failed a check. */
  addWrong(check: Check): void {
    this.#count(CHECK_START + CHECKS.indexOf(check));
    this.add('wrong', 1);
  }

  /** Counts a request that did not get a whole answer. */
  addFailure(code: FailureCode): void {
    this.#count(FAILURE_START + FAILURE_CODES.indexOf(code));
    this.add('failed', 1);
  }

  #count(at: number): void {
    this.#fields[at] = (this.#fields[at] as number) + 1;
  }

  static sum(tallies: readonly LoadTally[]): LoadTallyData {
    const total = (at: number) => tallies.reduce((sum, { fields }) => sum + (fields[at] as number), 0);
    const named = <Name extends string>(names: readonly Name[], start: number) =>
      Object.fromEntries(
        names.map((name, at) => [name, total(start + at)] as const).filter(([, count]) => count > 0),
      ) as Partial<Record<Name, number>>;
    const values = Object.fromEntries(LOAD_FIELDS.map((field, at) => [field, total(at)])) as Record<
      LoadField,
      number
    >;
    const firsts = tallies.map((tally) => tally.get('firstSentAtMs')).filter((atMs) => atMs > 0);
    return {
      ...values,
      firstSentAtMs: firsts.length === 0 ? 0 : Math.min(...firsts),
      lastAnsweredAtMs: Math.max(0, ...tallies.map((tally) => tally.get('lastAnsweredAtMs'))),
      checks: named(CHECKS, CHECK_START),
      failures: named(FAILURE_CODES, FAILURE_START),
    };
  }

  get fields(): Float64Array {
    return this.#fields;
  }
}
