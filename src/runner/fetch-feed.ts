// From sources to targets: gives each item its index, settles at once what will never be sent (bad lines, duplicates,
// drift), and hands the rest on in order. Holds one group at a time.

import { SpillwayError } from '../model/errors.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Source, SourceItem, Target } from '../model/target.ts';
import { SeenSet } from '../sources/seen-set.ts';

export interface FeedOptions {
  readonly sources: readonly Source[];
  /** The first bad line ends the run. */
  readonly isStrict: boolean;
  /** Skip what was in the list before; else it is only counted. */
  readonly isDeduping: boolean;
  /** URLs remembered to tell duplicates. */
  readonly maxRemembered: number;
}

export interface FeedGroup {
  readonly targets: readonly Target[];
  /** Last words on items that go no further. */
  readonly settled: readonly Outcome[];
}

export class FetchFeed {
  readonly #options: FeedOptions;
  readonly #seen: SeenSet;
  #nextIndex = 0;
  #duplicates = 0;
  #unchecked = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#seen = new SeenSet(options.maxRemembered);
  }

  /** Items taken so far. */
  get count(): number {
    return this.#nextIndex;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** How many items all sources will yield; null where one does not know. */
  get countAhead(): number | null {
    const counts = this.#options.sources.map((source) => source.countAhead);
    return counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count as number), 0);
  }

  /** @throws SpillwayError ERR_SOURCE when a source cannot be read on, or at a bad line if strict */
  async *groups(signal: AbortSignal): AsyncGenerator<FeedGroup> {
    const { sources } = this.#options;
    const [only] = sources;
    const isDistinct = sources.length === 1 && only !== undefined && only.isDistinct;
    for (const source of sources) {
      for await (const items of source.items(signal)) {
        const targets: Target[] = [];
        const settled: Outcome[] = [];
        for (const item of items) {
          const index = this.#nextIndex++;
          if (item.kind !== 'target') settled.push(this.#settle(source, item, index));
          else if (isDistinct || !this.#isDuplicate(item.url))
            targets.push({ index, url: item.url, line: item.line });
          else
            settled.push({
              kind: 'skipped',
              index,
              url: shown(item.url),
              line: item.line,
              reason: 'duplicate',
            });
        }
        yield { targets, settled };
      }
    }
  }

  /** What sources and feed noticed. */
  findings(): string[] {
    const findings = this.#options.sources.flatMap((source) => source.findings());
    if (this.#duplicates > 0 && !this.#options.isDeduping) {
      findings.push(
        `${this.#duplicates} targets${this.#unchecked > 0 ? ' or more' : ''} were in the list before and were fetched again: --dedupe skips them`,
      );
    }
    if (this.#unchecked > 0 && this.#options.isDeduping) {
      findings.push(
        `${this.#unchecked} targets past the first ${this.#seen.count} distinct ones were not checked for being duplicates: raise --dedupe-max`,
      );
    }
    if (this.#unchecked > 0 && !this.#options.isDeduping) {
      findings.push(
        `duplicates are counted among the first ${this.#seen.count} distinct targets alone: the ${this.#unchecked} new ones after them were not remembered`,
      );
    }
    return findings;
  }

  /** True when the target is to be skipped. */
  #isDuplicate(url: string): boolean {
    const seen = this.#seen.add(url);
    if (seen === 'full') this.#unchecked++;
    if (seen === 'seen') this.#duplicates++;
    return seen === 'seen' && this.#options.isDeduping;
  }

  #settle(source: Source, item: Exclude<SourceItem, { kind: 'target' }>, index: number): Outcome {
    const { line } = item;
    if (item.kind === 'drift') return { kind: 'skipped', index, url: shown(item.url), line, reason: 'drift' };
    const detail = `${source.name} line ${line}: ${item.reason}`;
    if (this.#options.isStrict) throw new SpillwayError('ERR_SOURCE', `${detail} (--strict)`);
    return {
      kind: 'failed',
      index,
      url: item.text,
      line,
      code: 'bad-target',
      detail,
      status: 0,
      attempts: 0,
      durationMs: 0,
    };
  }
}

/** The URL without its login. */
function shown(text: string): string {
  const url = URL.parse(text);
  if (url === null || (url.username === '' && url.password === '')) return text;
  url.username = '';
  url.password = '';
  return url.href;
}
