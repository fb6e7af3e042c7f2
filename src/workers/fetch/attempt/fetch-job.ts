// One target on its way through a worker: which URL is asked for now, and what has been tried. The engine
// moves it between queues and the wire; an attempt reads it.

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
  /** The target's URL without a login, which is the only form that leaves this folder. */
  readonly shownUrl: string;
  /** Made on demand: thousands of jobs wait, and the garbage collector moves what they hold again and again. */
  #url: URL | null = null;
  /** Redirects followed in this attempt. */
  hops = 0;
  /**
   * True after a redirect to another origin: the caller's headers and logins are not sent until a redirect
   * leads back.
   */
  isAway = false;
  /** Cookies of the redirects that were followed; null for none. */
  cookies: ChainCookies | null = null;
  /** Attempts begun. */
  attempts = 0;
  /** Attempts that do not count because this machine, and not the target, was at fault. */
  refunds = 0;
  /** True once it was put off to the end of the run, because its origin had no retries left. */
  isPutOff = false;
  /** How often a kept connection ended before its answer. */
  staleCount = 0;
  /** True where the wire transport refused the framing of its answer. */
  isHandedOver = false;
  /** True where an attempt stood still while its origin answered others. */
  isSuspect = false;
  /** Status of the last answer; 0 without one. */
  status = 0;
  /** The part of its body that came before the last attempt ended, to be continued; null for nothing. */
  kept: KeptBody | null = null;
  /** False once its server has shown that it cannot send the rest of a body. */
  mayContinue = true;
  /** Asks for the body without a content coding: it was cut in a coding, and a coded body cannot be continued. */
  wantsIdentity = false;
  /** Attempts made when one last brought bytes that are kept; the retry limit counts from there. */
  renewedAtAttempts = 0;
  /** A strong entity tag that an answer had, and the length of the body under it, which never changes. */
  known: { readonly tag: string; readonly totalBytes: number } | null = null;
  /** What the last answer stated of its body. */
  facts: AnswerFacts = NO_FACTS;
  startedAtMs = 0;
  attemptStartedAtMs = 0;
  /** When the next attempt may begin. */
  dueAtMs = 0;
  /** True once a public origin has redirected it: it may not go to addresses of special use. */
  isGuarded = false;
  /** True once its outcome was reported. */
  isSettled = false;
  readonly acceptedAtMs = nowMs();
  readonly #originRows: OriginRows;
  #origin: HeldOrigin;

  /** @param originRows rows of its origins; the job has to `leave` them when it is settled */
  constructor(target: Target, originRows: OriginRows) {
    this.target = target;
    const url = new URL(target.url);
    const shown = shownHref(url);
    // Shares the string where both are the same.
    this.shownUrl = shown === target.url ? target.url : shown;
    this.#originRows = originRows;
    this.#origin = originRows.enter(url.origin);
  }

  /** The URL that is asked for now, with its login where it has one. */
  get url(): URL {
    this.#url ??= new URL(this.target.url);
    return this.#url;
  }

  /** True where the URL is written as `URL` would write it, without a login and without a fragment. */
  get #isPlain(): boolean {
    const { shownUrl } = this;
    const isWhole = !shownUrl.includes('#') && !shownUrl.endsWith('?');
    return this.#url === null && shownUrl === this.target.url && isWhole;
  }

  /** Path of `url` in origin-form. */
  get path(): string {
    return this.#isPlain ? this.shownUrl.slice(this.origin.length) : pathOf(this.url);
  }

  /** `resourceOf` of `url`. */
  get resource(): string {
    if (!this.#isPlain) return resourceOf(this.url);
    const end = this.shownUrl.indexOf('?');
    return end < 0 ? this.shownUrl : this.shownUrl.slice(0, end);
  }

  /** True where the URL may contain a login. */
  get mayHoldLogin(): boolean {
    return this.hops > 0 || this.shownUrl !== this.target.url;
  }

  /** Origin of `url`. */
  get origin(): string {
    return this.#origin.origin;
  }

  /** Where the origin's budget is kept. */
  get originRow(): number {
    return this.#origin.row;
  }

  /** The job is settled, or goes to another worker. */
  leave(): void {
    this.#originRows.leave(this.#origin);
  }

  /** The URL whose login goes with the request: the target's own where a redirect leads back to its origin. */
  get loginUrl(): URL {
    const { url } = this;
    return url.username === '' && url.password === '' ? new URL(this.target.url) : url;
  }

  /** The part of the body to continue at the present URL; null for a body from its beginning. */
  get continued(): KeptBody | null {
    return this.kept !== null && this.kept.resource === this.resource ? this.kept : null;
  }

  /** Discards the part of its body that came, so that it begins anew. */
  dropKept(): void {
    this.kept?.body.discard();
    this.kept = null;
  }

  /** The URL that is asked for now, without a login. */
  get shownFinalUrl(): string {
    return this.hops === 0 ? this.shownUrl : shownHref(this.url);
  }

  /** Begins an attempt, or continues one that was redirected. */
  begin(): void {
    const now = nowMs();
    if (this.startedAtMs === 0) this.startedAtMs = now;
    if (this.hops > 0) return;
    this.attempts++;
    this.attemptStartedAtMs = now;
  }

  /** Follows a redirect. @param cookies the Set-Cookie lines of the answer */
  followTo(url: URL, cookies: readonly string[] = []): void {
    if (cookies.length > 0) {
      this.cookies ??= new ChainCookies();
      this.cookies.take(this.url, cookies);
    }
    this.hops++;
    this.isAway = url.origin !== new URL(this.target.url).origin;
    this.#moveTo(url);
  }

  /** Makes the attempt that has begun not count. */
  refund(): void {
    if (this.hops === 0) this.attempts--;
    this.status = 0;
  }

  /** Goes back to the target's own URL, for the next attempt. */
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
