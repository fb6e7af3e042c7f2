// Holds jobs whose origin's robots.txt is not known yet, and judges the others by the rules. The file itself
// is fetched elsewhere, once for all workers.

import type { RobotsAnswer } from '../../../model/robots.ts';
import { thrownText } from '../../../model/one-line.ts';
import type { FetchJob } from '../attempt/fetch-job.ts';
import { parseRobots, type RobotsRules } from './robots-rules.ts';

/**
 * Bounds on the rules that are kept: origins, and characters in all; beyond either the oldest are dropped and
 * asked for again.
 */
const MAX_ORIGINS = 2_000;
const MAX_CHARACTERS = 4 * 2 ** 20;
/** Memory that an origin without rules counts for. */
const ENTRY_CHARACTERS = 200;

export type RobotsVerdict = 'allowed' | 'disallowed' | 'awaited' | { readonly unavailable: string };

interface Known {
  /** Null where there are none, so that everything is allowed. */
  readonly rules: RobotsRules | null;
  /** Why nothing is allowed; null where rules decide. */
  readonly unavailable: string | null;
}

export class RobotsGate {
  readonly #userAgent: string;
  readonly #ask: (origin: string, isGuarded: boolean) => void;
  readonly #known = new Map<string, Known>();
  #characters = 0;
  readonly #awaited = new Map<string, FetchJob[]>();
  #count = 0;

  /** @param ask has the robots.txt of an origin fetched; `learn` gets the answer */
  constructor(userAgent: string, ask: (origin: string, isGuarded: boolean) => void) {
    this.#userAgent = userAgent;
    this.#ask = ask;
  }

  /** Jobs that wait here. */
  get count(): number {
    return this.#count;
  }

  get awaitedOrigins(): readonly string[] {
    return [...this.#awaited.keys()];
  }

  /** `awaited`: the job stays here until `learn` returns it. */
  judge(job: FetchJob): RobotsVerdict {
    const { origin, pathname, search } = job.url;
    const known = this.#known.get(origin);
    if (known === undefined) {
      this.#await(origin, job);
      return 'awaited';
    }
    if (known.unavailable !== null) return { unavailable: known.unavailable };
    const verdict = known.rules?.judge(pathname + search) ?? 'allowed';
    if (verdict !== 'too-costly') return verdict;
    return {
      unavailable: `${origin}/robots.txt: expected rules that judge a path quickly, found too many wildcards (--robots)`,
    };
  }

  /** Pause between requests that an origin's rules ask for; 0 for none. */
  spacingMs(origin: string): number {
    return this.#known.get(origin)?.rules?.crawlDelayMs ?? 0;
  }

  /** Takes an answer. @returns the jobs that waited for it */
  learn({ origin, rules }: RobotsAnswer): readonly FetchJob[] {
    const jobs = this.#awaited.get(origin) ?? [];
    this.#awaited.delete(origin);
    this.#count -= jobs.length;
    this.#forget(origin);
    const known = this.#read(origin, rules);
    this.#characters += sizeOf(known);
    this.#known.set(origin, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_ORIGINS && this.#characters <= MAX_CHARACTERS) break;
      if (oldest !== origin) this.#forget(oldest);
    }
    return jobs;
  }

  #read(origin: string, rules: RobotsAnswer['rules']): Known {
    if (rules.kind !== 'text')
      return { rules: null, unavailable: rules.kind === 'unavailable' ? rules.detail : null };
    try {
      return { rules: parseRobots(rules.text, this.#userAgent), unavailable: null };
    } catch (error) {
      const unavailable = `${origin}/robots.txt: expected rules, reading them threw ${thrownText(error)}`;
      return { rules: null, unavailable };
    }
  }

  #forget(origin: string): void {
    const known = this.#known.get(origin);
    if (known === undefined) return;
    this.#known.delete(origin);
    this.#characters -= sizeOf(known);
  }

  takeAll(): FetchJob[] {
    const all = [...this.#awaited.values()].flat();
    this.#awaited.clear();
    this.#count = 0;
    return all;
  }

  #await(origin: string, job: FetchJob): void {
    this.#count++;
    const others = this.#awaited.get(origin);
    if (others !== undefined) {
      others.push(job);
      return;
    }
    this.#awaited.set(origin, [job]);
    this.#ask(origin, job.isGuarded);
  }
}

function sizeOf({ rules }: Known): number {
  return ENTRY_CHARACTERS + (rules?.size ?? 0);
}
