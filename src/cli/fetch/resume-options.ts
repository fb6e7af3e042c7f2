// The options of `spillway resume` and `spillway retry`: those of `fetch` that may change from one session of a run
// to the next. An option that is left out keeps the value that the run was begun with.

import { CLASS_NAMES, isFailureClass } from '../../model/failure-classes.ts';
import { FETCH_OPTIONS } from './fetch-options.ts';
import { type OptionRow, type OptionTable, row } from '../options.ts';
import type { Parsed, Parser } from '../values.ts';

/** Options that stay as they were when the run was begun. */
const BOUND = [
  'to',
  'new',
  'name',
  'format',
  'field',
  'dedupe',
  'dedupeMax',
  'listApi',
  'preset',
  'listMethod',
  'listIn',
  'listPaging',
  'listSize',
  'listEnd',
  'listItems',
  'listItemUrl',
  'listTotal',
  'bytes',
  'userAgent',
  'robots',
] as const satisfies readonly (keyof typeof FETCH_OPTIONS)[];

/** Takes the default away, so that an option that is left out stays unset here. */
function unbound([name, given]: [string, OptionRow]): [string, OptionRow] {
  const { flags, meaning, parse, isRepeated } = given;
  return [name, { flags, meaning, parse, ...(isRepeated === undefined ? {} : { isRepeated }) }];
}

const PASSING = {
  json: FETCH_OPTIONS.json,
  quiet: FETCH_OPTIONS.quiet,
};

export const RESUME_OPTIONS: OptionTable = {
  ...Object.fromEntries(
    Object.entries(FETCH_OPTIONS)
      .filter(([name]) => !(BOUND as readonly string[]).includes(name) && !(name in PASSING))
      .map(unbound),
  ),
  ...PASSING,
};

export const RETRY_OPTIONS: OptionTable = {
  only: row({
    flags: '--only <classes>',
    meaning:
      'failure codes, groups such as timeout, or statuses such as 5xx or 404, by commas (default: all)',
    parse: failureClasses(),
  }),
  ...RESUME_OPTIONS,
};

function failureClasses(): Parser<string[]> {
  const parse = (text: string): Parsed<string[]> => {
    const names = text.split(',').map((name) => name.trim());
    if (names.every(isFailureClass)) return { value: names };
    const wrong = names.filter((name) => !isFailureClass(name)).map((name) => JSON.stringify(name));
    return { expected: `classes of failures by commas (not ${wrong.join(', ')}), of ${CLASS_NAMES}` };
  };
  return Object.assign(parse, { choices: CLASS_NAMES.split(', ') });
}
