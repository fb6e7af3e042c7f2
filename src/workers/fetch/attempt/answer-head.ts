// Decides by the head of an answer: a body to keep, a redirect to follow or refuse, or a status that is a
// failure. Pure functions over head and job.

import { isUtf8 } from 'node:buffer';
import type { FetchLimits } from '../../../model/fetch-task.ts';
import { parseHttpUrl } from '../../../model/http-url.ts';
import { parseRetryAfterMs } from '../../../model/retry-policy.ts';
import { shownHref, withoutLogins } from '../../../model/shown-url.ts';
import type { BodyHead } from '../../../sinks/sink.ts';
import { promisedBytesOf, singleField } from './answer-fields.ts';
import { type AttemptEnd, attemptFailure } from './attempt-end.ts';
import type { FetchJob } from './fetch-job.ts';
import type { HeaderView } from '../../../transport/lane.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What the answer to a job is judged by. */
export interface AnswerRules {
  readonly limits: Pick<FetchLimits, 'maxRedirects'>;
  /** Whether the job's request has a Range field. */
  readonly asksForPart: (job: FetchJob) => boolean;
}

/** The end that a head brings to its attempt; null where the body is to be kept. */
export function judgeAnswer(
  job: FetchJob,
  status: number,
  view: HeaderView,
  { limits, asksForPart }: AnswerRules,
): AttemptEnd | null {
  if (status === 206 && !asksForPart(job)) return judgePart(view);
  if (status < 300) return null;
  if (REDIRECTS.has(status)) return judgeRedirect(job, view, limits.maxRedirects);
  const retryAfterMs = parseRetryAfterMs(
    singleField(view, 'retry-after'),
    singleField(view, 'date'),
    Date.now(),
  );
  return attemptFailure('http-status', `expected a status of 2xx, found ${status}`, retryAfterMs);
}

/**
 * Refuses a part that nobody asked for, which would be kept as the whole. A 206 passes where its
 * Content-Range covers the whole.
 */
function judgePart(view: HeaderView): AttemptEnd | null {
  const range = singleField(view, 'content-range');
  const [, last, length] = /^bytes 0-(\d{1,15})\/(\d{1,15})$/iu.exec(range ?? '') ?? [];
  const isWhole = Number(last) + 1 === Number(length) && promisedBytesOf(view) === Number(length);
  if (isWhole) return null;
  const found = JSON.stringify(range?.slice(0, 100) ?? null);
  return attemptFailure(
    'http-status',
    `expected the whole body because no Range was asked for, found 206 with Content-Range ${found}`,
  );
}

function judgeRedirect(job: FetchJob, view: HeaderView, maxRedirects: number): AttemptEnd {
  const location = singleField(view, 'location');
  const to = redirectTarget(location, job.url);
  if (to === null) {
    const found = location === undefined ? null : withoutLogins(location).slice(0, 200);
    return attemptFailure(
      'bad-redirect',
      `expected an http or https URL in Location, found ${JSON.stringify(found)}`,
    );
  }
  if (job.hops >= maxRedirects) {
    return attemptFailure(
      'too-many-redirects',
      `expected at most ${maxRedirects} redirects, found another to ${shownHref(to).slice(0, 200)}`,
    );
  }
  return { kind: 'redirect', to, cookies: cookiesOf(view) };
}

/** Where a redirect leads; null where it leads to no http or https URL. */
export function redirectTarget(location: string | undefined, from: URL): URL | null {
  return location === undefined ? null : parseHttpUrl(asUtf8(location), from.href);
}

/** Reads a field's bytes as browsers read a URL in it: as UTF-8, where they are valid UTF-8. */
function asUtf8(field: string): string {
  // oxlint-disable-next-line no-control-regex -- anything below is the same in both
  if (!/[^\u0000-\u007f]/u.test(field)) return field;
  const bytes = Buffer.from(field, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : field;
}

function cookiesOf(view: HeaderView): readonly string[] {
  if (view.get('set-cookie') === undefined) return [];
  return view.entries().flatMap(([name, value]) => (name === 'set-cookie' ? [value] : []));
}

export interface AnswerStart {
  readonly status: number;
  readonly statusText: string;
  readonly view: HeaderView;
}

/** The head as sinks see it. A class, because an object literal with a getter takes 2 us to make. */
export class AnswerHead implements BodyHead {
  readonly index: number;
  readonly line: number;
  readonly url: string;
  readonly finalUrl: string;
  readonly status: number;
  readonly statusText: string;
  readonly disposition: string | null;
  readonly receivedAtMs = Date.now();
  readonly isDecoded: boolean;
  readonly expectedBytes: number | null;
  #fields: BodyHead['headers'] | undefined;
  /** Reads the fields later, when `view` shows another answer. */
  readonly #readLater: (() => BodyHead['headers']) | undefined;

  constructor(
    { target, shownUrl, shownFinalUrl }: FetchJob,
    { status, statusText, view }: AnswerStart,
    { isDecoded, expectedBytes }: Pick<BodyHead, 'isDecoded' | 'expectedBytes'>,
  ) {
    this.index = target.index;
    this.line = target.line;
    this.url = shownUrl;
    this.finalUrl = shownFinalUrl;
    this.status = status;
    this.statusText = statusText;
    this.disposition = singleField(view, 'content-disposition') ?? null;
    this.isDecoded = isDecoded;
    this.expectedBytes = expectedBytes;
    this.#readLater = view.later?.();
    if (this.#readLater === undefined) this.#fields = view.entries();
  }

  /** Made on demand: most sinks read none of them, or only `disposition`. */
  get headers(): BodyHead['headers'] {
    this.#fields ??= this.#readLater?.() ?? [];
    return this.#fields;
  }
}
