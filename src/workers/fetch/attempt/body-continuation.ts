// When a body that was cut may be gone on with, what is asked for then, and whether the answer fits it exactly. Pure, by
// RFC 9110: sections 13.1.5 (If-Range), 14 (ranges), 8.8.2.2 (when a date is a strong validator).

import type { Continuation, PartialBody } from '../../../model/body/partial-body.ts';
import type { Body } from '../../../sinks/sink.ts';
import type { HeaderView } from '../../../transport/lane.ts';
import { factsOf, promisedBytesOf } from './answer-fields.ts';

/** A body that waits for its rest. */
export interface KeptBody extends Continuation {
  readonly body: Body;
  /** Its bytes so far, which lie in the sink. */
  readonly bytes: number;
  /** The runner has been told of it. */
  readonly isTold: boolean;
  readonly head: PartialBody['head'];
}

const STRONG_TAG = /^"[\u0021\u0023-\u007e\u0080-\u00ff]*"$/u;
/** Dates have a resolution of one second: a body that was changed in the second it was sent in has the same one. */
const LEAST_AGE_MS = 1_000;

/** How the body of an answer may be gone on with if it is cut; null for not at all. @param job what was asked for */
export function continuationOf(
  job: { readonly url: URL },
  status: number,
  view: HeaderView,
  mayGoWithoutValidator: boolean,
): Continuation | null {
  if (status !== 200 || isCoded(view) || refusesRanges(view)) return null;
  const facts = factsOf(view);
  const totalBytes = promisedBytesOf(view);
  const validator = strongValidator(view);
  // Without a validator the length is all there is to hold an answer to.
  if (validator === null && !(mayGoWithoutValidator && totalBytes !== null)) return null;
  return { resource: resourceOf(job.url), validator, totalBytes, facts };
}

/** What a body is of, whatever its query: links of storage are signed anew for each request. */
export function resourceOf(url: URL): string {
  return url.origin + url.pathname;
}

/** True for a body whose coding would have to be taken off. */
export function isCoded(view: HeaderView): boolean {
  return !/^[\t ]*(?:identity)?[\t ]*$/iu.test(view.get('content-encoding') ?? '');
}

function refusesRanges(view: HeaderView): boolean {
  return /^[\t ]*none[\t ]*$/iu.test(view.get('accept-ranges') ?? '');
}

/** An entity tag that is strong; where there is none of any kind, a date that is. */
function strongValidator(view: HeaderView): string | null {
  const tag = view.get('etag')?.trim();
  if (tag !== undefined) return STRONG_TAG.test(tag) && tag.length <= 1024 ? tag : null;
  const modified = view.get('last-modified')?.trim();
  if (modified === undefined || modified.length > 64) return null;
  const ageMs = Date.parse(view.get('date') ?? '') - Date.parse(modified);
  return ageMs >= LEAST_AGE_MS ? modified : null;
}

/** Names and values in turn, beside the fields that every request has. */
export function restFields({ bytes, validator }: Pick<KeptBody, 'bytes' | 'validator'>): string[] {
  const range = ['range', `bytes=${bytes}-`];
  return validator === null ? range : [...range, 'if-range', validator];
}

/**
 * What an answer to such a request is. `append`: the rest, or the beginning of it. `whole`: nothing is missing. `anew`: the
 * body from its beginning; `isChanged`: it is another one than before. `unfit`: it claims to be the rest and cannot be.
 */
export type RestVerdict =
  | { readonly kind: 'append'; readonly endBytes: number; readonly totalBytes: number }
  | { readonly kind: 'whole' }
  | { readonly kind: 'anew'; readonly isChanged: boolean }
  | { readonly kind: 'unfit'; readonly detail: string };

/** null for an answer that says nothing about the body, such as a redirect or a failure. */
export function judgeRest(kept: KeptBody, status: number, view: HeaderView): RestVerdict | null {
  if (status === 206) return judgePart(kept, view);
  if (status === 416) return judgeEnd(kept, view);
  if (status < 200 || status > 299) return null;
  const isChanged = isOther(kept, view) || (kept.totalBytes !== null && isOtherLength(kept.totalBytes, view));
  const isSame = kept.validator !== null && view.get('etag')?.trim() === kept.validator;
  // One strong tag is one sequence of bytes: another length under it is a lie, and its body is none.
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

/** What both answers have must be the same in both. */
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
