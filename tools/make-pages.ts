// Writes the tables of docs/options.md, docs/errors.md and docs/faults.md from the code they describe, and the
// figures of the README and docs/benchmarks.md from the newest results. Run `npm run pages` after changing either;
// a test fails when they differ.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OPTION_TABLES } from '../src/cli/complete/option-tables.ts';
import { ERRORS, FAILURES } from '../src/model/errors.ts';
import { pageOf, publicNames, renderLibraryPage } from './library-pages.ts';
import { PROFILES } from '../src/server/faults/fault-mix.ts';
import { FAULT_NAMES, FAULTS } from '../src/server/faults/fault-table.ts';
import {
  fastApiBriefly,
  fastApiFigures,
  millionFigures,
  nginxFigures,
  ownServerFigures,
  strategyFigures,
} from './kept-figures.ts';

const BEGIN = (name: string) => `<!-- table: ${name} -->`;
const END = '<!-- end -->';

function optionTable(command: keyof typeof OPTION_TABLES): string {
  const rows = Object.values(OPTION_TABLES[command]).map(({ flags, meaning, ...rest }) => {
    const initial = 'initial' in rest && flags.includes('<') ? `\`${rest.initial}\`` : '–';
    return `| \`${flags}\` | ${initial} | ${meaning} |`;
  });
  return ['| option | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

function errorTable(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { exitCode, meaning }]) => `| \`${code}\` | ${exitCode} | ${meaning} |`,
  );
  return ['| code | exit code | meaning |', '|---|---|---|', ...rows].join('\n');
}

function failureTable(): string {
  const rows = Object.entries(FAILURES).map(([code, policy]) => {
    const again = policy.shrink
      ? 'yes, with fewer connections'
      : policy.handOver
        ? 'yes, through undici'
        : policy.retry
          ? 'yes'
          : 'no';
    return `| \`${code}\` | ${again} | ${policy.meaning} |`;
  });
  return ['| code | tried again | meaning |', '|---|---|---|', ...rows].join('\n');
}

function faultTable(): string {
  const rows = FAULT_NAMES.filter((name) => name !== 'none').map((name) => {
    const { group, does, becomes, endedBy } = FAULTS[name];
    return `| \`${name}\` | \`${group}\` | ${does} | \`${becomes}\` | ${endedBy === undefined ? '–' : `\`${endedBy}\``} |`;
  });
  return [
    '| fault | group | what it does on the wire | becomes | ended by |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function profileTable(): string {
  const rows = Object.entries(PROFILES).map(([name, ratios]) => {
    const parts = Object.entries(ratios).map(([fault, ratio]) => `\`${fault}\` ${ratio}`);
    return `| \`${name}\` | ${parts.length === 0 ? 'no fault at all' : parts.join(', ')} |`;
  });
  return ['| profile | ratio of targets |', '|---|---|', ...rows].join('\n');
}

const TABLES: Readonly<Record<string, () => string>> = {
  errors: errorTable,
  failures: failureTable,
  faults: faultTable,
  'fault-profiles': profileTable,
  'kept-strategies': strategyFigures,
  'kept-nginx': nginxFigures,
  'kept-million': millionFigures,
  'kept-fastapi': fastApiFigures,
  'kept-fastapi-briefly': fastApiBriefly,
  'kept-python-own-server': ownServerFigures,
  ...Object.fromEntries(
    Object.keys(OPTION_TABLES).map((command) => [
      command,
      () => optionTable(command as keyof typeof OPTION_TABLES),
    ]),
  ),
};

/** The pages that hold tables, by their path below the project. */
export const PAGES = [
  'docs/options.md',
  'docs/errors.md',
  'docs/faults.md',
  'docs/benchmarks.md',
  'docs/from-python.md',
  'README.md',
] as const;

/** The page with every table drawn anew. @throws Error when it names a table that does not exist */
export function renderPage(text: string): string {
  return text.replaceAll(/<!-- table: (\S+) -->[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const table = TABLES[name];
    if (table === undefined)
      throw new Error(`expected one of ${Object.keys(TABLES).join(', ')}, found the table ${name}`);
    return `${BEGIN(name)}\n${table()}\n${END}`;
  });
}

/** The tables that a page has room for. */
export function tablesOf(text: string): string[] {
  return [...text.matchAll(/<!-- table: (\S+) -->/g)].map(([, name]) => name as string);
}

/** Every table there is. */
export const TABLE_NAMES = Object.keys(TABLES);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const page of PAGES) {
    const file = new URL(`../${page}`, import.meta.url);
    writeFileSync(file, renderPage(readFileSync(file, 'utf8')));
  }
  for (const name of publicNames()) {
    const file = new URL(`../${pageOf(name)}`, import.meta.url);
    writeFileSync(file, renderLibraryPage(readFileSync(file, 'utf8'), name));
  }
}
