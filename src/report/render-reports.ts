// Makes three files from one record: the JSON itself, Markdown for a ticket, and a single HTML file. Pure.

import type { Comparison } from '../model/comparison.ts';
import type { RoundRecord } from '../model/record.ts';
import { htmlPage } from './html-page.ts';
import { markdownPage } from './markdown-page.ts';
import { comparisonOfRound } from './one-round.ts';

/** The text of every file of a report, by its name. */
export interface Reports {
  /** The record as given: a comparison or a single round. */
  readonly 'report.json': string;
  readonly 'report.md': string;
  readonly 'report.html': string;
}

/** All reports of a comparison or of a single round, which is shown as a comparison with one strategy. */
export function renderReports(record: Comparison | RoundRecord): Reports {
  const comparison = record.schema === 'spillway-round/1' ? comparisonOfRound(record) : record;
  return {
    'report.json': `${JSON.stringify(record)}\n`,
    'report.md': markdownPage(comparison),
    'report.html': htmlPage(comparison),
  };
}
