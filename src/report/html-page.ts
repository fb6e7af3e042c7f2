// The report as one HTML file without scripts or requests, and with one style sheet that its policy allows by
// hash. Text of servers and users enters only through `element`, which escapes it.

import { createHash } from 'node:crypto';
import type { Comparison } from '../model/comparison.ts';
import { percentileChart } from './charts/percentile-chart.ts';
import { roundsChart } from './charts/rounds-chart.ts';
import { scalingChart } from './charts/scaling-chart.ts';
import { traceChart } from './charts/trace-chart.ts';
import {
  failuresTable,
  findingsTable,
  limitsTable,
  machineTable,
  networkTable,
  noiseTable,
  orderTable,
  planTable,
} from './context-tables.ts';
import { STYLE } from './html-style.ts';
import { type Child, element, type Markup } from './markup.ts';
import { noiseSentence, reportTitle, whenAndWhere } from './report-words.ts';
import { htmlTable, type ReportTable } from './report-table.ts';
import { costTable, latencyTable, resultTable, scalingTable, speedTable } from './result-tables.ts';
import { roundsOf, summarizeProof, verdictSentences } from './verdict.ts';

const PROOF_WORDS = {
  whole: '✓ Proof holds',
  'client-only': '◐ Half a proof',
  partial: '◐ Proof in part',
  broken: '✗ Proof broken',
} as const;

export function htmlPage(comparison: Comparison): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: policy }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('meta', { name: 'color-scheme', content: 'light dark' }),
    element('meta', { name: 'referrer', content: 'no-referrer' }),
    element('title', {}, `${reportTitle(comparison)} – spillway`),
    { html: `<style>${STYLE}</style>` },
  );
  const body = element(
    'body',
    {},
    opening(comparison),
    element('main', {}, ...sections(comparison)),
    closing(comparison),
  );
  return `<!doctype html>\n${element('html', { lang: 'en' }, head, body).html}\n`;
}

function opening(comparison: Comparison): Markup {
  const [verdict = '', ...more] = verdictSentences(comparison);
  const proof = summarizeProof(comparison);
  return element(
    'header',
    {},
    element('p', { class: 'kicker' }, whenAndWhere(comparison)),
    element('h1', {}, reportTitle(comparison)),
    element('p', { class: 'verdict' }, unbroken(verdict)),
    more.length === 0 ? null : element('p', { class: 'more' }, unbroken(more.join(' '))),
    element(
      'div',
      { class: `proof ${proof.verdict}` },
      element('strong', {}, PROOF_WORDS[proof.verdict]),
      element('span', {}, proof.sentence),
    ),
    proof.problems.length === 0
      ? null
      : element('ul', { class: 'problems' }, ...proof.problems.map((problem) => element('li', {}, problem))),
  );
}

/** Keeps a number and its unit on one line. */
function unbroken(text: string): string {
  return text.replace(/(\d) (?=(?:ms|s|min|h|%)(?!\w))/g, '$1\u00a0');
}

function sections(comparison: Comparison): Child[] {
  const { strategies } = comparison;
  return [
    section(
      'Result',
      null,
      ...tables(
        resultTable(comparison),
        speedTable(comparison),
        latencyTable(comparison),
        costTable(comparison),
      ),
      ...tables(failuresTable(comparison)),
    ),
    ...(strategies.length === 0 ? [] : figureSections(comparison)),
    section(
      'Limits',
      null,
      ...tables(findingsTable(comparison), limitsTable(comparison), networkTable(comparison)),
    ),
    section(
      'How it was measured',
      null,
      element('pre', {}, element('code', {}, comparison.command)),
      ...tables(machineTable(comparison)),
      folded('Plans', planTable(comparison)),
      folded('Noise', noiseTable(comparison)),
      folded('Order of the rounds', orderTable(comparison)),
    ),
  ];
}

function figureSections(comparison: Comparison): Markup[] {
  const latencies = [percentileChart(comparison, 'latency'), percentileChart(comparison, 'wireLatency')];
  const rounds = [roundsChart(comparison), scalingChart(comparison)];
  const isOneRound = roundsOf(comparison).length === 1;
  const figures = isOneRound ? [...latencies, ...rounds] : [...rounds, ...latencies];
  return [
    section(
      'Rounds and latencies',
      noiseSentence(comparison),
      element('div', { class: 'figures' }, ...figures),
      ...tables(scalingTable(comparison)),
    ),
    section(
      'Over time',
      'Answers, what was open, and how busy the cores were: each worker of the client and each replica of the server, on one axis. A lost handshake shows as a step that comes one, three or seven seconds late.',
      element('div', { class: 'figures' }, ...comparison.strategies.map(traceChart)),
    ),
  ];
}

function section(title: string, note: string | null, ...children: readonly Child[]): Markup {
  return element(
    'section',
    {},
    element('h2', {}, title),
    note === null ? null : element('p', { class: 'note' }, note),
    ...children,
  );
}

function tables(...found: readonly (ReportTable | null)[]): Markup[] {
  return found.flatMap((table) =>
    table === null || table.groups.every(({ rows }) => rows.length === 0) ? [] : [htmlTable(table)],
  );
}

/** Long tables that few readers need: closed until opened, without a script. */
function folded(title: string, table: ReportTable | null): Markup | null {
  return table === null ? null : element('details', {}, element('summary', {}, title), htmlTable(table));
}

function closing({ seed, strategies }: Comparison): Markup {
  const order = strategies.length > 1 ? ` The seed ${seed} gives the same order of rounds again.` : '';
  return element(
    'footer',
    {},
    element(
      'p',
      {},
      `Percentiles are of one merged histogram, never averaged; p99.9 stands only where there are 1,000 samples. A floor is the least time that the delay allows; efficiency is floor over time.${order} All figures are in report.json.`,
    ),
  );
}
