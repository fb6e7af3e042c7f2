// `npm run bench:micro [-- suite …]`: measures single parts of the engine with tinybench.

import { batches } from './batches.ts';
import { counting } from './counting.ts';
import { journal } from './journal.ts';
import { sinks } from './sinks.ts';
import { type MicroResult, type MicroSuite, runSuite } from './suite.ts';
import { undiciWays } from './undici-ways.ts';

const SUITES: readonly MicroSuite[] = [undiciWays, batches, counting, sinks, journal];
const TIME_MS = 400;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `bench:micro: expected ${SUITES.map(({ name }) => name).join(', ')}, found ${unknown.join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  for (const suite of SUITES) {
    if (asked.length > 0 && !asked.includes(suite.name)) continue;
    print(suite, await runSuite(suite, TIME_MS));
  }
}

function print({ name, operation }: MicroSuite, results: readonly MicroResult[]): void {
  const least = Math.min(...results.map(({ medianUs }) => medianUs));
  const rows = results
    .toSorted((a, b) => a.medianUs - b.medianUs)
    .map((result) => [
      result.name,
      `${format(result.medianUs)} us`,
      `${(result.medianUs / least).toFixed(2)}x`,
      `±${(result.marginRatio * 100).toFixed(1)} %`,
      result.p99Us === null ? '-' : `${format(result.p99Us)} us`,
      String(result.iterations),
    ]);
  const table = [['', 'median', 'times the least', 'margin', 'p99', 'iterations'], ...rows];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  process.stdout.write(`\n${name}: ${operation}\n`);
  for (const row of table)
    process.stdout.write(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
}

function format(us: number): string {
  return us >= 1 ? us.toFixed(1) : us.toPrecision(3);
}
