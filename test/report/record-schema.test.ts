import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Comparison } from '../../src/model/comparison.ts';
import type { RoundRecord } from '../../src/model/record.ts';
import { comparisonOfRound } from '../../src/report/one-round.ts';
import type { comparisonSchema } from '../../src/report/schema/comparison-schema.ts';
import { RECORD_SCHEMA, RECORD_SCHEMA_TEXT } from '../../src/report/schema/record-schema.ts';
import type { roundSchema } from '../../src/report/schema/round-schema.ts';
import type { Admitted } from '../../src/report/schema/schema-parts.ts';
import { runComparison, runRound } from './real-records.ts';

/** Compiles only where each is the other: a field that one side lacks, or has of another type, is an error. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
const isRoundSame: Same<Admitted<typeof roundSchema>, RoundRecord> = true;
const isComparisonSame: Same<Admitted<typeof comparisonSchema>, Comparison> = true;

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
const validate = ajv.addSchema(RECORD_SCHEMA, 'record').compile({ $ref: 'record' });

/** Of the schema of its own kind, so that they name what is wrong. */
function complaints(record: Readonly<Record<string, unknown>>): string[] {
  const plain: unknown = JSON.parse(JSON.stringify(record));
  const kind = record['schema'] === 'spillway-comparison/1' ? 'comparison' : 'round';
  const ofKind = ajv.getSchema(`record#/$defs/${kind}`);
  assert.ok(ofKind !== undefined);
  assert.equal(ofKind(plain), validate(plain));
  return (ofKind.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test('the types that the schema admits are the types of the model', () => {
  assert.ok(isRoundSame && isComparisonSame);
});

test('the published schema is the one of the code', () => {
  const file = new URL('../../docs/schema/record.schema.json', import.meta.url);
  assert.equal(readFileSync(file, 'utf8'), RECORD_SCHEMA_TEXT, 'run: node tools/make-schema.mjs');
});

test('the record of a round is valid, over each family and transport', async () => {
  for (const [family, transport] of [
    ['one-per-connection', 'undici'],
    ['one-per-connection', 'wire'],
    ['pipelined', 'undici'],
    ['h2c', 'undici'],
  ] as const) {
    const record = await runRound({ family, transport });
    assert.equal(record.proof.verdict, 'whole');
    assert.deepEqual(complaints({ ...record }), [], `${family} by ${transport}`);
    assert.deepEqual(
      complaints({ ...comparisonOfRound(record) }),
      [],
      `a comparison of ${family} by ${transport}`,
    );
  }
});

test('a comparison, the record of a stopped round and one of failures are valid', async () => {
  assert.deepEqual(complaints({ ...(await runComparison()) }), []);
  const stopped = await runRound({ stopAtOnce: true });
  assert.notEqual(stopped.ended, 'done');
  assert.deepEqual(complaints({ ...stopped }), []);
  const cut = await runRound({ abortUnanswered: true });
  assert.deepEqual(complaints({ ...cut }), []);
  assert.deepEqual(complaints({ ...comparisonOfRound(cut) }), []);
  const failed = await runRound({ wrongAnswers: true });
  assert.ok(failed.tally.failed > 0);
  assert.deepEqual(complaints({ ...failed }), []);
});

test('a record that lacks a field, has one too many or a wrong one is refused', async () => {
  const record = await runRound({});
  const { wallMs, ...lacking } = record;
  assert.ok(wallMs >= 0 && complaints(lacking).length > 0);
  assert.ok(complaints({ ...record, more: 1 }).length > 0);
  assert.ok(complaints({ ...record, wallMs: '1' }).length > 0);
  assert.ok(complaints({ ...record, schema: 'spillway-round/2' }).length > 0);
});
