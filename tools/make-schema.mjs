// Writes docs/schema/record.schema.json from src/report/schema. Run it after a record has changed; a test fails
// when the file and the code differ.
import { mkdirSync, writeFileSync } from 'node:fs';
import { RECORD_SCHEMA_TEXT } from '../src/report/schema/record-schema.ts';

const file = new URL('../docs/schema/record.schema.json', import.meta.url);
mkdirSync(new URL('.', file), { recursive: true });
writeFileSync(file, RECORD_SCHEMA_TEXT);
