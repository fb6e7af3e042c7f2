// One target on its way through a worker: which URL is asked for now, and what has been tried. The engine moves it
// from queue to wire and back; an attempt reads it.

import { nowMs } from '../../../measure/clock.ts';
import type { AnswerFacts } from '../../../model/body/answer-facts.ts';
import { shownHref } from '../../../model/shown-url.ts';
import type { Target } from '../../../model/target.ts';
import { ChainCookies } from './chain-cookies.ts';
import { resourceOf, type KeptBody } from './body-continuation.ts';
import type { HeldOrigin, OriginRows } from '../origin/origin-rows.ts';

const NO_FACTS: AnswerFacts = {};

export class FetchJob {
  readonly target: Target;
  /** Without a login: the only form that leaves this room. */
  readonly shownUrl: string;
  /** Null until somebody asks for it: thousands of jobs wait, and what they hold is moved by the collector again and again. */
  #url: URL | null = null;
  /** Redirects followed in this attempt. */
  hops = 0;
  /** A redirect has led to another origin: the caller's headers and logins stay behind until one leads home. */
  isAway = false;
  /** Of the redirects followed; null for none. */
  cookies: ChainCookies | null = null;
  /** Attempts begun. */
  attempts = 0;
  /** Attempts given back because this machine, not the target, was at fault. */
  refunds = 0;
  /** Its origin had no retries left, and it was put off to the end. */
  isPutOff = false;
  /** Times that a kept connection ended before its answer. */
  staleCount = 0;
  /** The wire transport does not take its answer's framing. */
  isHandedOver = false;
  /** An attempt stood still while its origin answered others. */
  isSuspect = false;
  /** Of the last answer; 0 without one. */
  status = 0;
  /** What came of its body before the last attempt ended, to be gone on with; null for nothing. */
  kept: KeptBody | null = null;
  /** False once its server has shown that it cannot send the rest of a body. */
  mayContinue = true;
  /** Ask for the body as it is: it was cut in a coding, of which no part can be gone on with. */
  wantsIdentity = false;
  /** Attempts that had been made when one last brought bytes that are kept: the next ones are counted from there. */
  renewedAtAttempts = 0;
  /** The strong entity tag that an answer had, and the length of the body under it, which is one for all time. */
  known: { readonly tag: string; readonly totalBytes: number } | null = null;
  /** What the last answer said of its body. */
  facts: AnswerFacts = NO_FACTS;
  startedAtMs = 0;
  attemptStartedAtMs = 0;
  /** When the next attempt may begin. */
  dueAtMs = 0;
  /** A public origin has sent it on: it may not go to addresses of special use. */
  isGuarded = false;
  /** Its outcome was told. */
  isSettled = false;
  readonly acceptedAtMs = nowMs();
  readonly #originRows: OriginRows;
  #origin: HeldOrigin;

  /** @param originRows that hold what is known of its origins; owed a `leave` when the job is settled */
  constructor(target: Target, originRows: OriginRows) {
    this.target = target;
    const url = new URL(target.url);
    const shown = shownHref(url);
    // The same text once.
    this.shownUrl = shown === target.url ? target.url : shown;
    this.#originRows = originRows;
    this.#origin = originRows.enter(url.origin);
  }

  /** Where it is asked for now, with a login where it has one. */
  get url(): URL {
    this.#url ??= new URL(this.target.url);
    return this.#url;
  }

  /** The URL is written as `URL` writes it, with neither login nor an end that is no part of its path. */
  get #isPlain(): boolean {
    const { shownUrl } = this;
    const isWhole = !shownUrl.includes('#') && !shownUrl.endsWith('?');
    return this.#url === null && shownUrl === this.target.url && isWhole;
  }

  /** Origin-form, of `url`. */
  get path(): string {
    return this.#isPlain ? this.shownUrl.slice(this.origin.length) : pathOf(this.url);
  }

  /** A login may be in the URL. */
  get mayHoldLogin(): boolean {
    return this.hops > 0 || this.shownUrl !== this.target.url;
  }

  /** Of `url`. */
  get origin(): string {
    return this.#origin.origin;
  }

  /** Where the origin's budget is kept. */
  get originRow(): number {
    return this.#origin.row;
  }

  /** It is settled, or goes to another worker. */
  leave(): void {
    this.#originRows.leave(this.#origin);
  }

  /** Whose login goes with the request: a redirect that leads home has none of its own. */
  get loginUrl(): URL {
    const { url } = this;
    return url.username === '' && url.password === '' ? new URL(this.target.url) : url;
  }

  /** What is gone on with at the URL that is asked for now; null for a body from its beginning. */
  get continued(): KeptBody | null {
    return this.kept !== null && this.kept.resource === resourceOf(this.url) ? this.kept : null;
  }

  /** Lets go of what came of its body: it is begun anew. */
  dropKept(): void {
    this.kept?.body.discard();
    this.kept = null;
  }

  /** Where it is asked for now, without a login. */
  get shownFinalUrl(): string {
    return this.hops === 0 ? this.shownUrl : shownHref(this.url);
  }

  /** Begins an attempt, or goes on with one that a redirect has sent elsewhere. */
  begin(): void {
    const now = nowMs();
    if (this.startedAtMs === 0) this.startedAtMs = now;
    if (this.hops > 0) return;
    this.attempts++;
    this.attemptStartedAtMs = now;
  }

  /** @param cookies that the answer set, a Set-Cookie each */
  followTo(url: URL, cookies: readonly string[] = []): void {
    if (cookies.length > 0) {
      this.cookies ??= new ChainCookies();
      this.cookies.take(this.url, cookies);
    }
    this.hops++;
    this.isAway = url.origin !== new URL(this.target.url).origin;
    this.#moveTo(url);
  }

  /** The attempt that has begun was none. */
  refund(): void {
    if (this.hops === 0) this.attempts--;
    this.status = 0;
  }

  /** Back to the beginning, for the next attempt. */
  rewind(): void {
    this.status = 0;
    if (this.hops === 0) return;
    this.hops = 0;
    this.cookies = null;
    this.isAway = false;
    this.isGuarded = false;
    this.#moveTo(new URL(this.target.url));
  }

  #moveTo(url: URL): void {
    this.#url = url;
    const before = this.#origin;
    this.#origin = this.#originRows.enter(url.origin);
    this.#originRows.leave(before);
  }
}

function pathOf({ pathname, search }: URL): string {
  return pathname + search;
}
