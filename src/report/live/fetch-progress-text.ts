// The progress of a fetch for a person: the live view for a terminal of any size, and one line for logs.
// Pure; text of servers and lists is made harmless to a terminal first.

import type { FetchSnapshot } from '../../model/fetch-report.ts';
import { cutTo, fitLine, type LinePart, wrapTo } from './fit-line.ts';
import { formatCount, formatMs, formatRate, formatSize } from '../format-numbers.ts';
import { printable } from '../printable.ts';

const WIDE_BAR_CELLS = 24;
const NARROW_BAR_CELLS = 10;
/** From this width a bar may take its full length. */
const WIDE_COLUMNS = 72;
/** A terminal with fewer lines shows no single bodies. */
const LEAST_ROWS = 10;
const OTHER_ROWS = 8;
const MAX_BODY_LINES = 6;
const MAX_WAIT_LINES = 3;
const LEAST_NAME_CHARS = 8;
/** Progress is shown in bytes when bodies in flight are at least this share of the bytes of complete bodies. */
const BYTES_SHARE = 0.2;
const LEAST_BYTES = 1024 * 1024;
const ENOUGH_BODIES = 10;

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly hasColour: boolean;
}

/**
 * Progress as lines for a terminal: a bar, what is happening below it, and each large body when there is
 * room.
 */
export function fetchLiveText(snapshot: FetchSnapshot, { columns, rows, hasColour }: Screen): string {
  const { failures, answers: found = {}, slowestOrigins = [] } = snapshot;
  const inside = (parts: readonly LinePart[]) => `  ${fitLine(parts, columns - 2)}`;
  const classes = countedParts('failed:', failures);
  const answers = countedParts('answers', found);
  const slowest = slowestOrigins.map(({ origin, meanMs }, at) => ({
    text: `${at === 0 ? 'slowest ' : ''}${printable(origin)} ${formatMs(meanMs)}`,
    rank: at,
  }));
  const waits =
    snapshot.waits == null ? [] : wrapTo(`  ${printable(snapshot.waits)}`, columns, MAX_WAIT_LINES);
  const lines = [
    fitLine(progressParts(snapshot, columns < WIDE_COLUMNS ? NARROW_BAR_CELLS : WIDE_BAR_CELLS), columns),
    inside([
      { text: `in flight ${formatCount(snapshot.inFlight)}`, rank: 1 },
      { text: `connections ${formatCount(snapshot.connections)}`, rank: 4 },
      { text: `waiting ${formatCount(snapshot.parked)}`, rank: 3 },
      { text: `retries due ${formatCount(snapshot.waitingRetry)}`, rank: 2 },
      { text: `bound by ${snapshot.boundBy}`, rank: 0 },
    ]),
    ...waits,
    ...bodyLines(snapshot, columns, rows),
    ...(answers.length === 0 ? [] : [inside(answers)]),
    ...(slowest.length === 0 ? [] : [inside(slowest)]),
  ];
  if (classes.length > 0) {
    const failed = inside(classes);
    lines.push(hasColour ? `\u001b[31m${failed}\u001b[39m` : failed);
  }
  return lines.join('\n');
}

function countedParts(title: string, counts: Readonly<Record<string, number>>): LinePart[] {
  return Object.entries(counts).map(([name, count], at) => ({
    text: `${at === 0 ? `${title} ` : ''}${name} ${formatCount(count)}`,
    rank: at,
  }));
}

/** Progress as one line, for logs. */
export function fetchPlainText(snapshot: FetchSnapshot): string {
  const waits = snapshot.waits == null ? '' : ` · ${printable(snapshot.waits)}`;
  const progress = fitLine(progressParts(snapshot, WIDE_BAR_CELLS), Infinity);
  return `${progress} · in flight ${formatCount(snapshot.inFlight)} · bound by ${snapshot.boundBy}${waits}`;
}

/** How much of a run is done, in the unit that tells most. */
interface Progress {
  /** null when the end is not known. */
  readonly ratio: number | null;
  readonly shown: string;
  /** null when not known. */
  readonly leftMs: number | null;
}

function progressParts(snapshot: FetchSnapshot, barCells: number): LinePart[] {
  const { elapsedMs, ok, failed, skipped, bytes, before, recentPerSec, recentBytesPerSec } = snapshot;
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const perSec = Math.max(0, ok + failed + skipped - before.settled) / seconds;
  const bytesPerSec = bytes / seconds;
  const byBytes = progressInBytes(snapshot, recentBytesPerSec ?? bytesPerSec);
  const progress = byBytes ?? progressInCounts(snapshot, recentPerSec ?? perSec);
  const eta = progress.leftMs === null ? 'unknown' : formatMs(progress.leftMs);
  const rate = paired(formatRate, recentPerSec, perSec);
  const speed = paired((value) => `${formatSize(value)}/s`, recentBytesPerSec, bytesPerSec);
  const { ratio } = progress;
  const head =
    ratio === null
      ? [
          { text: progress.shown, rank: 0 },
          { text: formatMs(elapsedMs), rank: 1 },
        ]
      : [
          { text: `${bar(ratio, barCells)} ${Math.floor(ratio * 100)} %`, rank: 0 },
          { text: progress.shown, rank: 2 },
          { text: `ETA ${eta}`, rank: 1 },
        ];
  const counts = byBytes === null ? '' : countsText(snapshot);
  return [
    ...head,
    { text: counts, rank: 3 },
    { text: rate.now, rank: byBytes === null ? 3 : 6 },
    { text: rate.before, rank: 7 },
    { text: speed.now, rank: byBytes === null ? 5 : 3 },
    { text: speed.before, rank: 8 },
    { text: `failed ${formatCount(failed)}`, rank: failed > 0 ? 2 : 6 },
  ];
}

/** Shows the recent value, and the value since the start when that is known to differ. */
function paired(
  format: (value: number) => string,
  recent: number | null | undefined,
  mean: number,
): { now: string; before: string } {
  if (recent == null) return { now: format(mean), before: '' };
  return { now: `${format(recent)} now`, before: `${format(mean)} so far` };
}

function progressInCounts(snapshot: FetchSnapshot, perSec: number): Progress {
  const { countAhead, ok, failed, skipped } = snapshot;
  if (countAhead === null) return { ratio: null, shown: countsText(snapshot), leftMs: null };
  const left = countAhead - ok - failed - skipped;
  return {
    ratio: countAhead === 0 ? 1 : 1 - left / countAhead,
    shown: countsText(snapshot),
    leftMs: left <= 0 ? 0 : timeFor(left, perSec),
  };
}

/**
 * Progress by bytes: bodies that are complete, in flight, and still to come as far as known. Targets that
 * nobody has asked for yet count with the mean of the others. null when counts tell more, or when the end is
 * not known.
 */
function progressInBytes(snapshot: FetchSnapshot, bytesPerSec: number): Progress | null {
  const { countAhead, keptBytes = 0, bodies, ok, failed, skipped } = snapshot;
  if (bodies === undefined || countAhead === null || bodies.knownCount === 0) return null;
  const onTheWay = bodies.bytes + bodies.leftBytes;
  if (onTheWay < Math.max(LEAST_BYTES, BYTES_SHARE * keptBytes)) return null;
  const unseen = Math.max(0, countAhead - ok - failed - skipped - bodies.knownCount);
  // Large bodies are in flight for longer than others, so once enough bodies are complete, those give
  // the mean.
  const mean = ok >= ENOUGH_BODIES ? keptBytes / ok : (keptBytes + onTheWay) / (ok + bodies.knownCount);
  const leftBytes = bodies.leftBytes + unseen * mean;
  const doneBytes = keptBytes + bodies.bytes;
  const totalBytes = doneBytes + leftBytes;
  return {
    ratio: totalBytes === 0 ? 1 : doneBytes / totalBytes,
    shown: `${formatSize(doneBytes)} of ${unseen > 0 ? 'about ' : ''}${formatSize(totalBytes)}`,
    leftMs: timeFor(leftBytes, bytesPerSec),
  };
}

function countsText({ countAhead, targets, ok, failed, skipped }: FetchSnapshot): string {
  const settled = formatCount(ok + failed + skipped);
  return countAhead === null
    ? `${settled} of ${formatCount(targets)} or more`
    : `${settled} of ${formatCount(countAhead)}`;
}

/** The time left at the rate of the last seconds; unknown while nothing moves. */
function timeFor(amount: number, perSec: number): number | null {
  return perSec > 0 ? (amount * 1000) / perSec : null;
}

function bar(ratio: number, cells: number): string {
  const filled = Math.floor(ratio * cells);
  return `[${'#'.repeat(filled)}${'.'.repeat(cells - filled)}]`;
}

/** One line for each of the largest bodies, when the terminal has enough lines. */
function bodyLines({ bodies }: FetchSnapshot, columns: number, rows: number): string[] {
  if (bodies === undefined || rows < LEAST_ROWS) return [];
  const lineCount = Math.min(MAX_BODY_LINES, rows - OTHER_ROWS);
  return bodies.large.slice(0, lineCount).map(({ url, bytes, totalBytes }) => {
    const ratio = totalBytes === null ? null : Math.min(1, bytes / Math.max(totalBytes, 1));
    const cells = columns < WIDE_COLUMNS ? 0 : NARROW_BAR_CELLS;
    const share = ratio === null ? '' : `${Math.floor(ratio * 100)} %`.padStart(5);
    const drawn = ratio === null || cells === 0 ? '' : `${bar(ratio, cells)} `;
    const amount =
      totalBytes === null ? formatSize(bytes) : `${formatSize(bytes)} of ${formatSize(totalBytes)}`;
    const figures = `${drawn}${share} ${amount}`.trimStart();
    const nameColumns = Math.max(LEAST_NAME_CHARS, columns - figures.length - 4);
    return cutTo(`  ${figures}  ${tailOf(printable(nameOf(url)), nameColumns)}`, columns);
  });
}

/** The end of a URL: the part that distinguishes it from others. */
function nameOf(url: string): string {
  const path = url.replace(/[?#].*$/su, '');
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

function tailOf(text: string, chars: number): string {
  return text.length > chars ? `…${text.slice(text.length - chars + 1)}` : text;
}
