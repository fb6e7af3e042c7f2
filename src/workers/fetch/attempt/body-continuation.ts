// When a body that was cut may be continued, what is asked for then, and whether the answer fits exactly.
// Pure, by RFC 9110: sections 13.1.5 (If-Range), 14 (ranges), 8.8.2.2 (when a date is a strong validator).

import type { AnswerFacts } from '../../../model/body/answer-facts.ts';
import type { Continuation, PartialBody } from '../../../model/body/partial-body.ts';
import type { Body } from '../../../sinks/sink.ts';
import type { HeaderView } from '../../../transport/lane.ts';
import { factsOf, promisedBytesOf } from './answer-fields.ts';

/** The beginning of a body, which waits for its rest. */
export interface KeptBody extends Continuation {
  readonly body: Body;
  /** How many of its bytes the sink has. */
  readonly bytes: number;
  /** True once the runner knows of it. */
  readonly isTold: boolean;
  readonly head: PartialBody['head'];
}

const STRONG_TAG = /^"[\u0021\u0023-\u007e\u0080-\u00ff]*"$/u;
/**
 * A date this much older than the answer is a strong validator: dates count seconds, so a body that was
 * changed again in the second it was sent in would have the same date.
 */
const LEAST_AGE_MS = 1_000;

/**
 * How the body of an answer may be continued if it is cut; null where it cannot be.
 * @param job what was asked for, and what the answer says of its body
 */
export function continuationOf(
  job: { readonly resource: string; readonly facts: AnswerFacts },
  status: number,
  view: HeaderView,
  mayGoWithoutValidator: boolean,
): Continuation | null {
  if (status !== 200 || isCoded(view) || refusesRanges(view)) return null;
  const totalBytes = promisedBytesOf(view);
  const validator = strongValidator(view);
  // Without a validator only the length can show that an answer fits.
  if (validator === null && !(mayGoWithoutValidator && totalBytes !== null)) return null;
  return { resource: job.resource, validator, totalBytes, facts: job.facts };
}

/** Names a body without its query, because links to storage are signed anew for each request. */
export function resourceOf(url: URL): string {
  return url.origin + url.pathname;
}

/** True for a body whose content coding would have to be removed. */
export function isCoded(view: HeaderView): boolean {
  return !/^[\t ]*(?:identity)?[\t ]*$/iu.test(view.get('content-encoding') ?? '');
}

function refusesRanges(view: HeaderView): boolean {
  return /^[\t ]*none[\t ]*$/iu.test(view.get('accept-ranges') ?? '');
}

/** A strong entity tag; where there is no tag of any kind, a date that is strong. */
function strongValidator(view: HeaderView): string | null {
  const tag = view.get('etag')?.trim();
  if (tag !== undefined) return STRONG_TAG.test(tag) && tag.length <= 1024 ? tag : null;
  const modified = view.get('last-modified')?.trim();
  if (modified === undefined || modified.length > 64) return null;
  const ageMs = Date.parse(view.get('date') ?? '') - Date.parse(modified);
  return ageMs >= LEAST_AGE_MS ? modified : null;
}

/** The request fields that ask for the rest: names and values in turn. */
export function restFields({ bytes, validator }: Pick<KeptBody, 'bytes' | 'validator'>): string[] {
  const range = ['range', `bytes=${bytes}-`];
  return validator === null ? range : [...range, 'if-range', validator];
}

/**
 * What the answer to a request for the rest is. `append`: the rest, or the beginning of it. `whole`: nothing
 * is missing. `anew`: the body from its beginning; `isChanged`: a different body than before. `unfit`: it
 * claims to be the rest and cannot be.
 */
export type RestVerdict =
  | { readonly kind: 'append'; readonly endBytes: number; readonly totalBytes: number }
  | { readonly kind: 'whole' }
  | { readonly kind: 'anew'; readonly isChanged: boolean }
  | { readonly kind: 'unfit'; readonly detail: string };

/** Judges an answer; null where it says nothing about the body, as a redirect or a failure does. */
export function judgeRest(kept: KeptBody, status: number, view: HeaderView): RestVerdict | null {
  if (status === 206) return judgePart(kept, view);
  if (status === 416) return judgeEnd(kept, view);
  if (status < 200 || status > 299) return null;
  const isChanged = isOther(kept, view) || (kept.totalBytes !== null && isOtherLength(kept.totalBytes, view));
  const isSame = kept.validator !== null && view.get('etag')?.trim() === kept.validator;
  // A strong tag stands for one sequence of bytes: another length under it is an error of the server, and the
  // body is refused.
  if (isSame && isChanged)
    return unfit(
      kept,
      `${status} with the same entity tag and Content-Length ${shown(view, 'content-length')}`,
    );
  return { kind: 'anew', isChanged };
}

function judgePart(kept: KeptBody, view: HeaderView): RestVerdict {
  const [, first, last, total] =
    /^[\t ]*bytes[\t ]+(\d{1,15})-(\d{1,15})\/(\d{1,15})[\t ]*$/iu.exec(view.get('content-range') ?? '') ??
    [];
  const [start, end, totalBytes] = [Number(first), Number(last) + 1, Number(total)];
  const promised = promisedBytesOf(view);
  const isFit =
    start === kept.bytes &&
    end > start &&
    end <= totalBytes &&
    totalBytes === (kept.totalBytes ?? totalBytes) &&
    (promised ?? end - start) === end - start;
  if (!isFit) return unfit(kept, `206 with Content-Range ${shown(view, 'content-range')}`);
  if (isCoded(view)) return unfit(kept, `206 with Content-Encoding ${shown(view, 'content-encoding')}`);
  if (isOther(kept, view)) return unfit(kept, '206 of another body than the one that was begun');
  return { kind: 'append', endBytes: end, totalBytes };
}

function judgeEnd(kept: KeptBody, view: HeaderView): RestVerdict {
  const total = /^[\t ]*bytes[\t ]+\*\/(\d{1,15})[\t ]*$/iu.exec(view.get('content-range') ?? '')?.[1];
  const isWhole =
    Number(total) === kept.bytes && kept.bytes === (kept.totalBytes ?? kept.bytes) && !isOther(kept, view);
  return isWhole ? { kind: 'whole' } : unfit(kept, `416 with Content-Range ${shown(view, 'content-range')}`);
}

/** True where a fact that both answers state differs between them. */
function isOther({ facts }: KeptBody, view: HeaderView): boolean {
  const { etag, lastModified } = factsOf(view);
  const differs = (before: string | undefined, now: string | undefined) =>
    before !== undefined && now !== undefined && before.trim() !== now.trim();
  return differs(facts.etag, etag) || differs(facts.lastModified, lastModified);
}

function isOtherLength(totalBytes: number, view: HeaderView): boolean {
  return !isCoded(view) && (promisedBytesOf(view) ?? totalBytes) !== totalBytes;
}

function unfit({ bytes, totalBytes }: KeptBody, found: string): RestVerdict {
  return {
    kind: 'unfit',
    detail: `expected a body from its byte ${bytes}${totalBytes === null ? '' : ` of ${totalBytes}`} on, found ${found}`,
  };
}

function shown(view: HeaderView, name: string): string {
  return JSON.stringify(view.get(name)?.slice(0, 100) ?? null);
}
