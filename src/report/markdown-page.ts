// The report as Markdown, with the words and tables of the HTML page and without its figures.

import type { Comparison } from '../model/comparison.ts';
import { busyTable } from './busy-text.ts';
import {
  failuresTable,
  findingsTable,
  limitsTable,
  machineTable,
  networkTable,
  noiseTable,
} from './context-tables.ts';
import { escapeMarkdown, markdownCodeBlock } from './escape.ts';
import { markdownTable, type ReportTable } from './report-table.ts';
import { noiseSentence, reportTitle, whenAndWhere } from './report-words.ts';
import { costTable, latencyTable, resultTable, scalingTable, speedTable } from './result-tables.ts';
import { summarizeProof, verdictSentences } from './verdict.ts';

const PROOF_WORDS = {
  whole: 'Proof:',
  'client-only': 'Half a proof:',
  partial: 'Proof in part:',
  broken: 'Proof broken:',
} as const;

export function markdownPage(comparison: Comparison): string {
  const [verdict = '', ...more] = verdictSentences(comparison);
  const proof = summarizeProof(comparison);
  const noise = noiseSentence(comparison);
  const blocks = [
    `# ${escapeMarkdown(reportTitle(comparison))}`,
    escapeMarkdown(whenAndWhere(comparison)),
    `**${escapeMarkdown(verdict)}**${more.length === 0 ? '' : ` ${escapeMarkdown(more.join(' '))}`}`,
    `**${PROOF_WORDS[proof.verdict]}** ${escapeMarkdown(proof.sentence)}`,
    proof.problems.map((problem) => `- ${escapeMarkdown(problem)}`).join('\n'),
    '## Strategies',
    markdownTable(resultTable(comparison)),
    ...titled('## Speed-up', speedTable(comparison)),
    noise === null ? '' : escapeMarkdown(noise),
    '## Latency',
    markdownTable(latencyTable(comparison)),
    '## What it took',
    markdownTable(costTable(comparison)),
    ...titled('## Busy over time', busyTable(comparison)),
    ...titled('## Scaling', scalingTable(comparison)),
    ...titled('## Failures', failuresTable(comparison)),
    ...titled('## Findings', findingsTable(comparison)),
    ...titled('## Limits before and after', limitsTable(comparison)),
    ...titled('## Dropped or sent again', networkTable(comparison)),
    ...titled('## Noise', noiseTable(comparison)),
    ...titled('## Environment', machineTable(comparison)),
    '## Command',
    markdownCodeBlock(comparison.command),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function titled(title: string, table: ReportTable | null): string[] {
  return table === null || table.groups.every(({ rows }) => rows.length === 0)
    ? []
    : [title, markdownTable(table)];
}
