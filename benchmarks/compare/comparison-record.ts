// The record of a comparison: one JSON file with every run, and Markdown for people, which is made from the JSON
// alone.
import { describeClaim, formatFigure, formatNumber } from './claims.ts';
import type { Machine } from './machine.ts';
import { readMetric, type ClaimResult, type Job, type Measurement, type Metric } from './measurement.ts';
import type { Commit } from './repository.ts';
import type { ServerSpec } from './servers.ts';
import { summarize } from './statistics.ts';

export interface CaseRecord {
  readonly name: string;
  readonly job: Job;
  readonly server: ServerSpec;
  readonly serverCommand: readonly string[];
  readonly serverConfiguration: string | null;
  readonly clientCore: number | null;
  /** Every entry of the case, in the order of the suite. */
  readonly entries: readonly string[];
  readonly notes: readonly string[];
  readonly notMeasured: readonly { readonly entry: string; readonly reason: string }[];
  readonly measurements: readonly Measurement[];
  readonly claims: readonly ClaimResult[];
}

export interface ComparisonRecord {
  readonly schema: 'spillway-comparison/1';
  readonly suite: string;
  readonly about: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly command: string;
  readonly roundCount: number;
  readonly commit: Commit | null;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly CaseRecord[];
}

const COLUMNS: readonly { readonly metric: Metric; readonly head: string; readonly scale: number }[] = [
  { metric: 'wallMs', head: 'in the run, ms', scale: 1 },
  { metric: 'processWallMs', head: 'process, ms', scale: 1 },
  { metric: 'runCpuUsPerRequest', head: 'client CPU less start-up, us a request', scale: 1 },
  { metric: 'cpuUsPerRequest', head: 'client CPU, us a request', scale: 1 },
  { metric: 'innerCpuUsPerRequest', head: 'by its own account, us', scale: 1 },
  { metric: 'serverCpuUsPerRequest', head: 'server CPU, us a request', scale: 1 },
  { metric: 'peakRssBytes', head: 'peak memory, MB', scale: 1e-6 },
];

export function renderMarkdown(record: ComparisonRecord): string {
  const { commit, machine } = record;
  const lines = [
    `# Comparison: ${record.suite}`,
    '',
    `${capitalize(record.about)}. ${record.roundCount} rounds on ${record.startedAt.slice(0, 10)}, every entry once a round, ` +
      'the order rotated, each program in its own process. Figures are medians (least to most).',
    '',
    `- Command: \`${record.command}\``,
    `- Commit: ${commit === null ? 'unknown' : `${commit.hash.slice(0, 12)} (${commit.subject})`}` +
      (commit !== null && commit.changedFiles.length > 0
        ? `, with ${commit.changedFiles.length} tracked files changed`
        : ''),
    `- Machine: ${machine.cpuModel}, ${machine.coreCount} cores, ${formatNumber(machine.memoryBytes / 2 ** 30)} GiB, ` +
      `Linux ${machine.kernel}; client and server on it together`,
    `- Versions: ${Object.entries(record.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
  ];
  for (const one of record.cases) lines.push('', ...renderCase(one));
  return `${lines.join('\n')}\n`;
}

/** The claims of a case as lines of text, for the terminal and for Markdown. */
export function describeClaims(claims: readonly ClaimResult[]): string[] {
  return claims.map((result) => {
    const text = describeClaim(result.claim);
    const why = result.reason === null ? '' : ` (${result.reason})`;
    if (result.value === null) return `${result.verdict}: ${text}${why}`;
    const near = result.isInsideSpread ? ', rounds on both sides of the limit' : '';
    return `${result.verdict}: ${text}: ${describeValue(result)}${near}${why}`;
  });
}

function renderCase(one: CaseRecord): string[] {
  const rows = one.entries.flatMap((entry) => {
    const own = one.measurements.filter((measurement) => measurement.entry === entry);
    if (own.length === 0) return [];
    const wholeCount = own.filter((measurement) => measurement.problem === null).length;
    const cells = COLUMNS.map(({ metric, scale }) => summarizeCell(own, metric, scale));
    return [`| ${[entry, ...cells, `${wholeCount} of ${own.length}`].join(' | ')} |`];
  });
  const lines = [`## ${one.name}`, ''];
  if (rows.length > 0) {
    const heads = ['', ...COLUMNS.map((column) => column.head), 'whole runs'];
    lines.push(`| ${heads.join(' | ')} |`, `|${'---|'.repeat(heads.length)}`, ...rows, '');
  }
  for (const { entry, reason } of one.notMeasured) lines.push(`- Not measured: ${entry}: ${reason}.`);
  for (const problem of firstProblems(one.measurements)) lines.push(`- ${problem}`);
  const repeated = one.measurements.filter((measurement) => measurement.surroundings.synRetransCount > 0);
  if (repeated.length > 0) {
    lines.push(
      `- Handshakes were repeated in ${repeated.length} of ${one.measurements.length} runs ` +
        `(${[...new Set(repeated.map((measurement) => measurement.entry))].join(', ')}): each cost its request a second or more.`,
    );
  }
  if (one.measurements.length > 0) lines.push(`- ${describeSurroundings(one.measurements)}`);
  for (const note of one.notes) lines.push(`- ${note}`);
  if (one.claims.length > 0) lines.push('', ...describeClaims(one.claims).map((line) => `- ${line}`));
  const commands = one.entries.flatMap((entry) => {
    const command = one.measurements.find((measurement) => measurement.entry === entry)?.command;
    return command === undefined ? [] : [command.join(' ')];
  });
  if (commands.length > 0) {
    const pin = one.clientCore === null ? '' : `taskset -c ${one.clientCore} `;
    lines.push('', '```', ...(one.serverCommand.length > 0 ? [one.serverCommand.join(' ')] : []));
    lines.push(...commands.map((command) => `${pin}${command}`), '```');
  }
  return lines;
}

function summarizeCell(measurements: readonly Measurement[], metric: Metric, scale: number): string {
  const values = measurements
    .map((measurement) => readMetric(measurement, metric))
    .filter((value) => value !== null);
  if (values.length === 0) return '–';
  const { median, min, max } = summarize(values);
  const [middle, least, most] = [median, min, max].map((value) => formatNumber(value * scale));
  return `${middle} (${least}–${most})`;
}

/** A reader must see from the record alone whether the machine was busy with something else. */
function describeSurroundings(measurements: readonly Measurement[]): string {
  const load = summarize(measurements.map((measurement) => measurement.surroundings.loadAverage1Min));
  const stolenMs = measurements.reduce((sum, measurement) => sum + measurement.surroundings.stealMs, 0);
  return `Load average before the runs ${formatNumber(load.min)} to ${formatNumber(load.max)}; ${formatNumber(stolenMs)} ms of CPU stolen by the hypervisor in all.`;
}

function firstProblems(measurements: readonly Measurement[]): string[] {
  const problems = new Map<string, string>();
  for (const { entry, problem } of measurements) {
    if (problem !== null && !problems.has(entry)) problems.set(entry, problem);
  }
  return [...problems].map(([entry, problem]) => `Failed: ${entry}: ${problem}.`);
}

function describeValue(result: ClaimResult): string {
  const { claim, value, low, high } = result;
  if (value === null || low === null || high === null || claim.kind === 'whole') return '';
  const show = (figure: number): string =>
    claim.kind === 'absolute' ? formatFigure(claim.metric, figure) : figure.toFixed(3);
  return `${show(value)} (${show(low)} to ${show(high)} over ${result.roundCount} rounds)`;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
