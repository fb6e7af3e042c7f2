// The published schema of both kinds of record. docs/schema/record.schema.json holds this text, and a test
// compares the two.

import { comparisonSchema } from './comparison-schema.ts';
import { roundSchema } from './round-schema.ts';

/** JSON Schema, draft 2020-12: a record is a round or a comparison, told apart by its `schema`. */
export const RECORD_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A record of spillway',
  description:
    'Times are in milliseconds or microseconds as the name says, memory in bytes, shares of a whole between 0 and 1.',
  oneOf: [{ $ref: '#/$defs/round' }, { $ref: '#/$defs/comparison' }],
  $defs: { round: roundSchema.json, comparison: comparisonSchema.json },
} as const;

/** The text of docs/schema/record.schema.json. */
export const RECORD_SCHEMA_TEXT = `${JSON.stringify(RECORD_SCHEMA, null, 2)}\n`;
