// From sources to targets: gives each item its index, skips items that are already in the journal, settles at once those
// that are never sent (bad lines, duplicates, drift), and passes the others on in order. Holds one group at a time.

import { type FailureCode, SpillwayError } from '../../../model/errors.ts';
import type { ListCounts } from '../../../model/fetch-report.ts';
import { type Outcome, skippedOutcome } from '../../../model/outcome.ts';
import { holdsLogin, shownUrl, withoutLogins } from '../../../model/shown-url.ts';
import type { Source, SourceItem, Target } from '../../../model/target.ts';
import { SeenSet } from '../../../sources/seen-set.ts';
import { NOTHING_SETTLED, type SettledBefore } from '../record/settled-before.ts';

export interface TargetStreamOptions {
  readonly sources: readonly Source[];
  /** The first bad line ends the run. */
  readonly isStrict: boolean;
  /** Skip targets that were in the list before; otherwise they are only counted. */
  readonly isDeduping: boolean;
  /** URLs remembered to find duplicates. */
  readonly maxRemembered: number;
  /** What earlier sessions settled; @default nothing */
  readonly before?: SettledBefore;
  /** False where a source may wait for the outcomes of its items. @default true */
  readonly comparesFirst?: boolean;
}

export interface TargetGroup {
  readonly targets: readonly Target[];
  /** Outcomes of items that are not sent. */
  readonly settled: readonly Outcome[];
  /** Failures that are removed from the counts, because their targets are fetched again. */
  readonly takenBack?: readonly FailureCode[];
}

/**
 * Targets held until the list is compared with the run: more than a session leaves unsettled. A list with more,
 * such as one in which thousands of bad lines were corrected, is compared as it is read from there on.
 */
const MAX_HELD = 65_536;

/** The targets of a run, in order. */
export interface TargetStream {
  /** Items taken so far, including those that were settled before. */
  readonly count: number;
  /** How many items there will be; null where a source does not know and was not read to its end. */
  readonly countAhead: number | null;
  /** The counts of each list that was read to its end. */
  readonly lists: readonly ListCounts[];
  readonly duplicates: number;
  /** True when the URL of a target held a login. */
  readonly hasLogins: boolean;
  groups(signal: AbortSignal): AsyncIterable<TargetGroup> & AsyncIterator<TargetGroup>;
  /** What the sources and the target stream found out. */
  findings(): string[];
}

export class FetchTargetStream implements TargetStream {
  readonly #options: TargetStreamOptions;
  readonly #seen: SeenSet;
  readonly #before: SettledBefore;
  readonly lists: ListCounts[] = [];
  #nextIndex = 0;
  /** Counts of the source that is being read. */
  #ofSource = { targets: 0, named: 0 };
  #isAtEnd = false;
  #duplicates = 0;
  #unchecked = 0;
  #hasLogins = false;

  constructor(options: TargetStreamOptions) {
    this.#options = options;
    this.#before = options.before ?? NOTHING_SETTLED;
    // Counting alone does not need exact digests.
    this.#seen = new SeenSet(options.maxRemembered, options.isDeduping);
  }

  /** Items taken so far. */
  get count(): number {
    return this.#nextIndex;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  get hasLogins(): boolean {
    return this.#hasLogins;
  }

  /** How many items all sources will yield; null when one does not know and is not read to its end yet. */
  get countAhead(): number | null {
    if (this.#isAtEnd) return this.#nextIndex;
    const counts = this.#options.sources.map((source) => source.countAhead);
    return counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count as number), 0);
  }

  /**
   * @throws SpillwayError ERR_SOURCE when reading a source fails, or at a bad line if strict; ERR_OPTION when the
   *   sources are not those that the run was begun with
   */
  async *groups(signal: AbortSignal): AsyncGenerator<TargetGroup> {
    const { sources } = this.#options;
    const [only] = sources;
    const isDistinct = sources.length === 1 && only !== undefined && only.isDistinct;
    const comparesFirst = this.#options.comparesFirst !== false && this.#before.nextIndex > 0;
    let held = comparesFirst ? new HeldGroups() : null;
    for (const source of sources) {
      this.#ofSource = { targets: 0, named: 0 };
      for await (const items of source.items(signal)) {
        const group = this.#group(source, items, isDistinct);
        held?.add(group);
        if (held !== null && this.#nextIndex < this.#before.nextIndex && held.targets.length < MAX_HELD)
          continue;
        yield held ?? group;
        held = null;
      }
      if (!signal.aborted) this.#checkCounts(source);
    }
    if (signal.aborted) return;
    this.#isAtEnd = true;
    if (this.#nextIndex < this.#before.nextIndex) throw this.#tooShort();
  }

  /** Checks that every record of a list became a target or a named line. */
  #checkCounts(source: Source): void {
    const counts = source.counts?.();
    if (counts === undefined) return;
    const { records, skipped } = counts;
    const { targets, named } = this.#ofSource;
    if (records - skipped !== targets + named) {
      throw new SpillwayError(
        'ERR_RUN_BROKEN',
        `${source.name}: expected ${records - skipped} targets and named lines from ${records} records, found ${targets} + ${named}`,
      );
    }
    this.lists.push({ name: source.name, records, skipped, targets, named });
  }

  #group(source: Source, items: readonly SourceItem[], isDistinct: boolean): TargetGroup {
    const targets: Target[] = [];
    const settled: Outcome[] = [];
    const takenBack: FailureCode[] = [];
    for (const item of items) {
      const index = this.#nextIndex++;
      this.#ofSource[item.kind === 'bad' ? 'named' : 'targets']++;
      const isDuplicate = item.kind === 'target' && !isDistinct && this.#isDuplicate(item.url);
      const { isSettled, wasBad } = this.#lookBack(source, item, index);
      if (wasBad) takenBack.push('bad-target');
      if (isSettled) continue;
      if (item.kind !== 'target') {
        settled.push(this.#settle(source, item, index));
        continue;
      }
      const { url, line, isForeign } = item;
      const target: Target = { index, url, line, ...(isForeign === true ? { isForeign } : {}) };
      if (isDuplicate) settled.push(skippedOutcome(target, 'duplicate'));
      else targets.push(target);
      this.#hasLogins ||= holdsLogin(item.url);
    }
    return { targets, settled, takenBack };
  }

  /** Looks up what an earlier session recorded for the item. A bad line that was corrected is a new target. */
  #lookBack(source: Source, item: SourceItem, index: number): { isSettled: boolean; wasBad: boolean } {
    const word = index < this.#before.nextIndex ? this.#before.at(index) : null;
    if (word === null) return { isSettled: false, wasBad: false };
    const url = item.kind === 'bad' ? withoutLogins(item.text) : shownUrl(item.url);
    const wasBad = word.class === 'bad-target';
    if (word.url === url || (wasBad && item.kind === 'bad' && isSameLine(word.url, url)))
      return { isSettled: true, wasBad: false };
    if (wasBad && item.kind === 'target') return { isSettled: false, wasBad: true };
    throw new SpillwayError(
      'ERR_OPTION',
      `${source.name} line ${item.line}: expected ${JSON.stringify(withoutLogins(word.url))}, as the run was begun with, found ${JSON.stringify(url)}: give the same list, or choose another place with --to`,
    );
  }

  #tooShort(): SpillwayError {
    const names = this.#options.sources.map(({ name }) => name).join(', ');
    return new SpillwayError(
      'ERR_OPTION',
      `${names}: expected ${this.#before.nextIndex} items or more, as the run was begun with, found ${this.#nextIndex}: give the same list, or choose another place with --to`,
    );
  }

  /** What the sources and the target stream found out. */
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
    if (item.kind === 'drift') return skippedOutcome({ index, url: item.url, line }, 'drift');
    const detail = `${source.name} line ${line}: ${withoutLogins(item.reason)}`;
    if (this.#options.isStrict) throw new SpillwayError('ERR_SOURCE', `${detail} (--strict)`);
    return {
      kind: 'failed',
      index,
      url: withoutLogins(item.text),
      line,
      code: 'bad-target',
      detail,
      status: 0,
      attempts: 0,
      durationMs: 0,
    };
  }
}

/**
 * Collects what earlier sessions left unsettled, so that a different list is refused before anything is requested.
 */
class HeldGroups implements TargetGroup {
  readonly targets: Target[] = [];
  readonly settled: Outcome[] = [];
  readonly takenBack: FailureCode[] = [];

  add({ targets, settled, takenBack = [] }: TargetGroup): void {
    for (const target of targets) this.targets.push(target);
    for (const outcome of settled) this.settled.push(outcome);
    for (const code of takenBack) this.takenBack.push(code);
  }
}

/** An earlier version may have kept more of a bad line: its login, or the beginning of one that was cut off. */
function isSameLine(kept: string, shown: string): boolean {
  return withoutLogins(kept) === shown || kept.endsWith('…');
}
