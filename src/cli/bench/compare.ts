// `spillway compare A.json B.json`: two records, what changed, and an exit code for a build.

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { SpillwayError } from '../../model/errors.ts';
import { applyProofs, applyRule, applyStops, parseFailRules } from '../../report/fail-rule.ts';
import { visibleText } from '../../report/escape.ts';
import { readSide, type RecordSide } from '../../report/record-side.ts';
import { recordsLines } from '../../report/records-text.ts';
import { addOptions, readOptions, row } from '../options.ts';
import { plainText } from '../values.ts';

export const COMPARE_OPTIONS = {
  failIf: row({
    flags: '--fail-if <rule>',
    meaning:
      "end with exit code 1 where it holds of B: 'multicore.wallMs > 1.10x' (of A), 'multicore.failedCount > 0'; several with ;",
    parse: plainText(),
  }),
} as const;

export function makeCompareCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('compare')
    .argument('<A.json>', 'the record from before')
    .argument('<B.json>', 'the record from after')
    .allowExcessArguments(false)
    .action((a: string, b: string, given: Record<string, unknown>) => {
      finish(compare(a, b, readOptions(COMPARE_OPTIONS, given).failIf ?? ''));
    });
  return addOptions(command, COMPARE_OPTIONS);
}

/**
 * @returns 0 when no rule holds; 1 when one does, or when there are rules and a proof is broken in B only or a
 * record was stopped
 */
function compare(fileA: string, fileB: string, ruleText: string): number {
  const rules = parseFailRules(ruleText);
  const a = readRecord(fileA);
  const b = readRecord(fileB);
  const results = [
    ...rules.map((rule) => applyRule(rule, a, b)),
    ...applyProofs(rules, a, b),
    ...applyStops(rules, [a, b]),
  ];
  const lines = [
    ...recordsLines(a, b),
    ...(results.length === 0 ? [] : ['']),
    ...results.map(({ text }) => text),
  ];
  // Escapes control characters: anybody may have written the record.
  process.stdout.write(`${lines.map(visibleText).join('\n')}\n`);
  return results.some(({ holds }) => holds) ? 1 : 0;
}

function readRecord(file: string): RecordSide {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SpillwayError('ERR_OPTION', `expected a record to compare, found ${(error as Error).message}`);
  }
  return readSide(file, text);
}
