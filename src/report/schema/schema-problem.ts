// Checks whether a value fits a schema part, for records that may have been cut or edited. It knows the JSON
// Schema words that the parts use, and accepts extra fields, as another version may write some.

import type { Part } from './schema-parts.ts';

interface Schema {
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
  /** The value that stands for this field in records of an earlier version, which lack it. */
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: keyof typeof TYPES;
  readonly minimum?: number;
  readonly pattern?: string;
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
}

const SHOWN_CHARACTERS = 60;

/** The first problem as a sentence; null when there is none. */
export function schemaProblem({ json }: Part<unknown>, value: unknown): string | null {
  return problemAt(json, value, '');
}

function problemAt(schema: Schema, value: unknown, path: string): string | null {
  if (value === undefined && schema.default !== undefined) return null;
  if (schema.anyOf !== undefined) {
    // Null comes last: what the value should be otherwise says more.
    const problems = schema.anyOf.map((each) => problemAt(each, value, path));
    return problems.includes(null) ? null : (problems[0] ?? null);
  }
  const expected = expectedInstead(schema, value);
  if (expected !== null)
    return `expected ${path === '' ? 'it' : path} to be ${expected}, found ${show(value)}`;
  for (const [key, part, inside] of partsOf(schema, value)) {
    const problem = problemAt(inside, part, path === '' ? key.replace(/^\./u, '') : path + key);
    if (problem !== null) return problem;
  }
  return null;
}

const TYPES = {
  number: { is: Number.isFinite, words: 'a number' },
  integer: { is: Number.isInteger, words: 'a whole number' },
  string: { is: (value) => typeof value === 'string', words: 'a text' },
  boolean: { is: (value) => typeof value === 'boolean', words: 'true or false' },
  null: { is: (value) => value === null, words: 'null' },
  array: { is: Array.isArray, words: 'a list' },
  object: {
    is: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    words: 'an object',
  },
} as const satisfies Record<string, { is: (value: unknown) => boolean; words: string }>;

/** What was expected in place of this value, without looking inside it; null when it fits. */
function expectedInstead(schema: Schema, value: unknown): string | null {
  if (schema.const !== undefined) return value === schema.const ? null : show(schema.const);
  if (schema.enum !== undefined)
    return schema.enum.includes(value) ? null : schema.enum.map(show).join(' or ');
  if (schema.type === undefined) return null;
  const { minimum = -Infinity, minItems = 0, maxItems = Infinity, pattern = '' } = schema;
  const { is, words } = TYPES[schema.type];
  if (!is(value)) return words;
  if (typeof value === 'number' && value < minimum) return `${minimum} or more`;
  if (typeof value === 'string' && !new RegExp(pattern, 'u').test(value)) return `a text like ${pattern}`;
  if (!Array.isArray(value) || (value.length >= minItems && value.length <= maxItems)) return null;
  return minItems === maxItems ? `a list of ${minItems}` : `a list of ${minItems} or more`;
}

/** The parts of a list or an object: the key and the schema of each. */
function partsOf(schema: Schema, value: unknown): (readonly [key: string, part: unknown, inside: Schema])[] {
  if (Array.isArray(value)) {
    return value.map((item: unknown, at) => [
      `[${at}]`,
      item,
      schema.prefixItems?.[at] ?? (schema.items || {}),
    ]);
  }
  const { properties, additionalProperties } = schema;
  if (properties === undefined && (additionalProperties ?? false) === false) return [];
  const fields = new Map(Object.entries(value as object));
  return properties === undefined
    ? [...fields].map(([name, field]) => [`.${name}`, field, additionalProperties as Schema])
    : Object.entries(properties).map(([name, inside]) => [`.${name}`, fields.get(name), inside]);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, SHOWN_CHARACTERS);
}
