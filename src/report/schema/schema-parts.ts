// Builds JSON Schema (draft 2020-12) from parts that each carry the type they admit. A test compares those
// types with the model's, so that the published schema and the code stay equal.

/** A schema that carries the type it admits. `admits` is never set. */
export interface Part<T> {
  readonly json: Readonly<Record<string, unknown>>;
  readonly admits?: T;
}

/** The type that a schema admits. */
export type Admitted<P> = P extends Part<infer T> ? T : never;

type Parts = Readonly<Record<string, Part<unknown>>>;
type Shape<P extends Parts> = { readonly [K in keyof P]: Admitted<P[K]> };

/** Any finite number. */
export const number: Part<number> = { json: { type: 'number' } };
/** A number that is never below zero: a time, a size, a rate. */
export const amount: Part<number> = { json: { type: 'number', minimum: 0 } };
/** How many of something. */
export const count: Part<number> = { json: { type: 'integer', minimum: 0 } };
/** A share of a whole. */
export const share: Part<number> = { json: { type: 'number', minimum: 0, maximum: 1 } };
export const text: Part<string> = { json: { type: 'string' } };
export const flag: Part<boolean> = { json: { type: 'boolean' } };
/** Whole numbers too large for a JSON number, as decimal text. */
export const digits: Part<string> = { json: { type: 'string', pattern: '^[0-9]+$' } };
/** A moment, ISO 8601 in UTC. */
export const moment: Part<string> = {
  json: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$' },
};

/** The same part with a sentence for readers of the schema. */
export function described<T>(part: Part<T>, description: string): Part<T> {
  return { json: { ...part.json, description } };
}

export function oneOf<const V extends string>(values: readonly V[]): Part<V> {
  return { json: { enum: values } };
}

export function constant<const V extends string>(value: V): Part<V> {
  return { json: { const: value } };
}

export function nullable<T>(part: Part<T>): Part<T | null> {
  return { json: { anyOf: [part.json, { type: 'null' }] } };
}

export function either<A, B>(a: Part<A>, b: Part<B>): Part<A | B> {
  return { json: { anyOf: [a.json, b.json] } };
}

export function list<T>(items: Part<T>): Part<readonly T[]> {
  return { json: { type: 'array', items: items.json } };
}

/** An array of exactly two items. */
export function pair<A, B>(first: Part<A>, second: Part<B>): Part<readonly [A, B]> {
  return {
    json: { type: 'array', prefixItems: [first.json, second.json], items: false, minItems: 2, maxItems: 2 },
  };
}

/** An object with any names and one type of value. */
export function dictionary<T>(values: Part<T>): Part<Readonly<Record<string, T>>> {
  return { json: { type: 'object', additionalProperties: values.json } };
}

/** An object with some of these names and one type of value. */
export function someOf<const K extends string, T>(
  names: readonly K[],
  values: Part<T>,
): Part<Readonly<Partial<Record<K, T>>>> {
  const properties = Object.fromEntries(names.map((name) => [name, values.json]));
  return { json: { type: 'object', properties, additionalProperties: false } };
}

/** An object with every one of these names and no other. */
export function object<P extends Parts>(parts: P, description?: string): Part<Shape<P>> {
  const properties = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.json]));
  return {
    json: {
      ...(description === undefined ? {} : { description }),
      type: 'object',
      properties,
      required: Object.keys(parts),
      additionalProperties: false,
    },
  };
}
