// Targets from a list in a file or a stream: a URL on each line, a chosen column of a table, or a chosen field of
// JSON lines. A record without a URL is named by its line and does not end the list; a list without any URL is
// refused.

import { SpillwayError } from '../model/errors.ts';
import { withoutLogins } from '../model/shown-url.ts';
import type { Source, SourceItem } from '../model/target.ts';
import { parseJsonPath } from './json-path.ts';
import { inputName, type ListInput } from './open-bytes.ts';
import { formatByName, type ListFormat, type ListRecord, ListRecords } from './records.ts';
import { startsLikeUrl } from './table.ts';
import { readUrl, shorten } from './target-url.ts';

/** Records without a URL at the start of a list, after which the list is refused. */
const MAX_STRAY_RECORDS = 100;
/** Items held back until the first URL is found. */
const MAX_HELD_ITEMS = 1000;

const BLANK = /[ \t]/u;

export interface ListFileOptions {
  readonly input: ListInput;
  /** @default by the name's ending (before .gz or .zst); else jsonl when the first line is JSON, else txt */
  readonly format?: ListFormat;
  /**
   * Column of a table: its name in the first row, or its number from 1. Path of a field in JSON lines.
   * @default a column named url in any case, else the first; the field `url`, or the line itself if it is a string
   */
  readonly field?: string;
}

/**
 * Opens a source over a list whose length is unknown before its end. @throws SpillwayError ERR_OPTION for a bad
 * field
 */
export function openListFile({ input, format, field }: ListFileOptions): Source {
  const name = inputName(input);
  const knownFormat = format ?? formatByName(name);
  const hasColumns = knownFormat === 'csv' || knownFormat === 'tsv';
  if (hasColumns && /^0+$/u.test(field ?? '')) {
    throw new SpillwayError(
      'ERR_OPTION',
      `--field: expected the name of a column of ${name}, or its number from 1, found ${JSON.stringify(field)}`,
    );
  }
  if (!hasColumns) parseJsonPath(field ?? '');
  let walk: ListWalk | undefined;
  return {
    name,
    countAhead: null,
    isDistinct: false,
    async *items(signal) {
      walk = new ListWalk(new ListRecords({ input, format: knownFormat, field }), field);
      for await (const items of walk.groups()) {
        if (signal.aborted) return;
        if (items.length > 0) yield items;
      }
    },
    counts: () => walk?.records.counts ?? { records: 0, skipped: 0 },
    findings: () => walk?.findings() ?? [],
  };
}

/** One pass through the list. */
class ListWalk {
  readonly records: ListRecords;
  readonly #field: string | undefined;
  /** Items from before the first URL; null once a URL was found, or is no longer required. */
  #held: SourceItem[] | null = [];
  /** Of these, the texts that stood where a URL should. */
  readonly #strays: string[] = [];
  #tailCount = 0;
  #firstTail = { line: 0, text: '' };

  constructor(records: ListRecords, field: string | undefined) {
    this.records = records;
    this.#field = field;
  }

  async *groups(): AsyncGenerator<readonly SourceItem[]> {
    for await (const records of this.records.groups()) {
      const items = records.map((record) => this.#makeItem(record));
      const isKnown = this.#held === null;
      const ready = isKnown ? items : this.#look(items);
      if (ready.length > 0) yield ready;
    }
    const held = this.#held ?? [];
    const isTable = this.records.shape?.table != null;
    const isHeaderAlone = this.records.shape?.table?.isGuess === true && held.length === 0;
    if (isTable && this.#held !== null && (this.#strays.length > 0 || isHeaderAlone)) throw this.#noUrls();
    if (held.length > 0) yield held;
  }

  findings(): string[] {
    const { name, shape } = this.records;
    const findings: string[] = [];
    if (shape?.table?.isGuess === true) {
      const cells = shape.table.names.slice(0, 20).map(withoutLogins).join(', ');
      findings.push(`${name}: its first row was taken for a header, for it holds no URL: ${cells}`);
    }
    if (this.#tailCount > 0) {
      const { line, text } = this.#firstTail;
      findings.push(
        `${name}: what stands behind the URL was left out in ${this.#tailCount} lines, first in line ${line}: ${JSON.stringify(shorten(text))}`,
      );
    }
    return findings;
  }

  /** Holds items back until a URL is among them. @throws SpillwayError ERR_OPTION if none comes */
  #look(items: readonly SourceItem[]): readonly SourceItem[] {
    const held = this.#held as SourceItem[];
    for (const item of items) held.push(item);
    const hasUrl = items.some((item) => item.kind === 'target');
    if (!hasUrl && this.#strays.length >= MAX_STRAY_RECORDS) throw this.#noUrls();
    if (!hasUrl && held.length <= MAX_HELD_ITEMS) return [];
    this.#held = null;
    return held;
  }

  #makeItem(record: ListRecord): SourceItem {
    const { line, reason } = record;
    if (reason !== null) return bad(record, reason);
    const read = this.#readRecord(record);
    return 'url' in read ? { kind: 'target', url: read.url, line } : bad(record, read.reason);
  }

  #readRecord(record: ListRecord): ReturnType<typeof readUrl> {
    const { format, table } = this.records.shape as NonNullable<ListRecords['shape']>;
    if (format === 'txt') return this.#stray(record.text, this.#readLine(record));
    if (table === null) {
      const whole = this.#field === undefined ? record.cell('') : undefined;
      const value = typeof whole === 'string' ? whole : record.cell(this.#field ?? 'url');
      if (typeof value === 'string') return this.#stray(value, readUrl(value.trim()));
      return this.#stray(record.text, { reason: `expected a text in the field "${this.#field ?? 'url'}"` });
    }
    const cell = record.cell(String(table.column + 1)) as string | undefined;
    if (cell !== undefined && cell.trim() !== '') return this.#stray(cell, readUrl(cell.trim()));
    const nothing = { reason: `expected a URL in column ${table.column + 1}, found nothing` };
    return cell === undefined ? this.#stray('', nothing) : nothing;
  }

  /** Reads the first word of a line. Words after it are a note after a tab or `#`; otherwise the line is refused. */
  #readLine({ text, line }: ListRecord): ReturnType<typeof readUrl> {
    if (!BLANK.test(text)) return readUrl(text);
    const [, word = text, note = ''] = /^([^ \t]+)((?:[ \t]*\t|[ \t]+#).*)$/u.exec(text) ?? [];
    const isNote = note.trimStart().startsWith('#') || !holdsUrl(note);
    const read = readUrl(note !== '' && isNote ? word : text);
    if (!('url' in read)) return read;
    if (note === '') {
      return {
        reason: `expected one URL on a line, found words behind it: ${JSON.stringify(shorten(text))}; a blank in a URL is %20, a note begins with a tab or #`,
      };
    }
    if (note !== '' && this.#tailCount++ === 0) this.#firstTail = { line, text: note.trim() };
    return read;
  }

  /** Records a text that stood where a URL should, until the first URL is found. */
  #stray(text: string, read: ReturnType<typeof readUrl>): ReturnType<typeof readUrl> {
    if (this.#held !== null && !('url' in read) && this.#strays.length < MAX_STRAY_RECORDS) {
      // A URL with a mistake in it, or of another scheme, shows as well that the list holds URLs.
      if (startsLikeUrl(text)) this.#strays.length = 0;
      else this.#strays.push(text);
    }
    return read;
  }

  #noUrls(): SpillwayError {
    const { name, shape } = this.records;
    const found = this.#strays.slice(0, 3).map((text) => JSON.stringify(shorten(text).slice(0, 60)));
    const rows = this.#strays.length === 0 ? 'a header alone' : `${found.join(', ')} in its first rows`;
    const table = shape?.table ?? null;
    if (table !== null) {
      const names = table.names.slice(0, 20).map(withoutLogins).join(', ');
      const columns = table.isHeader ? `: its columns are ${names}` : '';
      return new SpillwayError(
        'ERR_OPTION',
        `--field: expected a column of ${name} with URLs, found ${rows}, in column ${table.column + 1}${columns}`,
      );
    }
    return new SpillwayError(
      'ERR_OPTION',
      shape?.format === 'jsonl'
        ? `--field: expected the path of a URL in the JSON lines of ${name}, found ${rows}`
        : `${name}: expected a URL with http:// or https:// on each line, found ${rows}: a table needs --format csv or tsv`,
    );
  }
}

function holdsUrl(text: string): boolean {
  return /https?:\/\//iu.test(text);
}

function bad({ text, line }: ListRecord, reason: string): SourceItem {
  return { kind: 'bad', text: shorten(text), line, reason };
}
