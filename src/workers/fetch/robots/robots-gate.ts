// Jobs of origins whose robots.txt is not known yet wait here; what the others may fetch is looked up in the rules. The
// file itself is fetched once for all workers, outside.

import robotsModule, { type Robot } from 'robots-parser';
import type { RobotsAnswer } from '../../../model/robots.ts';
import { thrownText } from '../../../model/one-line.ts';
import type { FetchJob } from '../attempt/fetch-job.ts';

// Its types describe an ES module; what is installed exports the function itself.
const robotsParser = robotsModule as unknown as (url: string, text: string) => Robot;

/** Rules kept at once; beyond them the oldest are asked for again. */
const MAX_RULES = 2_000;
const MAX_CRAWL_DELAY_SEC = 3_600;

export type RobotsVerdict = 'allowed' | 'disallowed' | 'awaited' | { readonly unavailable: string };

interface Rules {
  readonly isAllowed: (url: string) => boolean;
  readonly unavailable: string | null;
  /** Pause between requests that it asks for. */
  readonly spacingMs: number;
}

export class RobotsGate {
  readonly #userAgent: string;
  readonly #ask: (origin: string) => void;
  readonly #rules = new Map<string, Rules>();
  readonly #awaited = new Map<string, FetchJob[]>();
  #count = 0;

  /** @param ask has the robots.txt of an origin fetched; `learn` gets the answer */
  constructor(userAgent: string, ask: (origin: string) => void) {
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

  /** `awaited`: the job stays here until `learn` gives it back. */
  judge(job: FetchJob): RobotsVerdict {
    const { origin, href } = job.url;
    const rules = this.#rules.get(origin);
    if (rules === undefined) {
      this.#await(origin, job);
      return 'awaited';
    }
    if (rules.unavailable !== null) return { unavailable: rules.unavailable };
    return rules.isAllowed(href) ? 'allowed' : 'disallowed';
  }

  /** Pause between requests that an origin's rules ask for; 0 for none. */
  spacingMs(origin: string): number {
    return this.#rules.get(origin)?.spacingMs ?? 0;
  }

  /** @returns the jobs that waited for it */
  learn({ origin, rules }: RobotsAnswer): readonly FetchJob[] {
    const jobs = this.#awaited.get(origin) ?? [];
    this.#awaited.delete(origin);
    this.#count -= jobs.length;
    for (const oldest of this.#rules.keys()) {
      if (this.#rules.size < MAX_RULES) break;
      this.#rules.delete(oldest);
    }
    if (rules.kind !== 'text') {
      const unavailable = rules.kind === 'unavailable' ? rules.detail : null;
      this.#rules.set(origin, { isAllowed: () => true, unavailable, spacingMs: 0 });
      return jobs;
    }
    const robot = readRules(`${origin}/robots.txt`, rules.text);
    if (typeof robot === 'string') {
      this.#rules.set(origin, { isAllowed: () => false, unavailable: robot, spacingMs: 0 });
      return jobs;
    }
    const delaySec = robot.getCrawlDelay(this.#userAgent) ?? 0;
    const spacingMs = Math.min(MAX_CRAWL_DELAY_SEC, Math.max(0, delaySec)) * 1000;
    const isAllowed = (url: string) => this.#isAllowed(robot, url);
    this.#rules.set(origin, { isAllowed, unavailable: null, spacingMs });
    return jobs;
  }

  takeAll(): FetchJob[] {
    const all = [...this.#awaited.values()].flat();
    this.#awaited.clear();
    this.#count = 0;
    return all;
  }

  #isAllowed(robot: Robot, url: string): boolean {
    return robot.isAllowed(url, this.#userAgent) !== false;
  }

  #await(origin: string, job: FetchJob): void {
    this.#count++;
    const others = this.#awaited.get(origin);
    if (others !== undefined) {
      others.push(job);
      return;
    }
    this.#awaited.set(origin, [job]);
    this.#ask(origin);
  }
}

/** The rules, or why they cannot be read. */
function readRules(url: string, text: string): Robot | string {
  try {
    return robotsParser(url, text);
  } catch (error) {
    return `${url}: expected rules, reading them threw ${thrownText(error)}`;
  }
}
