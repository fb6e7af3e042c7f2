// The steps that a fault can take on the wire, and what it is given to make them from. Only types and
// functions that make steps.

/** One action on a connection. Steps after `reset`, `end` or `stall` are never reached. */
export type Step =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /** Sends bytes one at a time, `everyMs` apart. */
  | { readonly kind: 'drip'; readonly bytes: Buffer; readonly everyMs: number }
  /** Sends the same bytes again and again until the client leaves. */
  | { readonly kind: 'flood'; readonly bytes: Buffer; readonly everyMs: number }
  | { readonly kind: 'wait'; readonly durationMs: number }
  /** Sends nothing more until the client leaves. */
  | { readonly kind: 'stall' }
  /** Ends the connection with RST. */
  | { readonly kind: 'reset' }
  /** Ends the connection with FIN. */
  | { readonly kind: 'end' }
  /** Counts the target as answered completely: the last byte of the right answer is out. */
  | { readonly kind: 'answered' }
  /** Resets every connection of the origin and accepts none for `durationMs`. */
  | { readonly kind: 'outage'; readonly durationMs: number };

export const send = (bytes: string | Buffer): Step => ({ kind: 'send', bytes: toBytes(bytes) });
export const drip = (bytes: string | Buffer, everyMs: number): Step => ({
  kind: 'drip',
  bytes: toBytes(bytes),
  everyMs,
});
export const flood = (bytes: string | Buffer, everyMs: number): Step => ({
  kind: 'flood',
  bytes: toBytes(bytes),
  everyMs,
});
export const wait = (durationMs: number): Step => ({ kind: 'wait', durationMs });
export const outage = (durationMs: number): Step => ({ kind: 'outage', durationMs });
export const STALL: Step = { kind: 'stall' };
export const RESET: Step = { kind: 'reset' };
export const END: Step = { kind: 'end' };
export const ANSWERED: Step = { kind: 'answered' };

/** The places other than the origin itself that a redirect may lead to. */
export type RedirectName = 'refused' | 'expired' | 'self-signed' | 'hanging' | 'plain';

/** One request for a target, as a fault sees it. */
export interface Asked {
  /** The target's path, without a query. */
  readonly path: string;
  /** The query that a redirect of this server added to the path; '' in a first request. */
  readonly query: string;
  /** The right body. */
  readonly body: Buffer;
  readonly delayMs: number;
  /** A number in [0, 1). Each request of a target (first, second …) has a fixed sequence of its own. */
  random(): number;
  /** The URL that the redirect of that name leads to. */
  at(name: RedirectName): string;
}

/** A whole number from `least` to `most`, both included. */
export function pick(asked: Asked, least: number, most: number): number {
  return least + Math.floor(asked.random() * (Math.max(least, most) - least + 1));
}

/** A status line and fields with the empty line after them, in Latin-1. */
export function head(status: string, ...fields: readonly string[]): string {
  return [`HTTP/1.1 ${status}`, ...fields, '', ''].join('\r\n');
}

/** The head of the right answer, with a Content-Length. */
export function rightHead(asked: Asked, ...fields: readonly string[]): string {
  return head('200 OK', ...fields, 'Content-Type: text/plain', `Content-Length: ${asked.body.length}`);
}

export function rightAnswer(asked: Asked, ...fields: readonly string[]): Buffer {
  return Buffer.concat([toBytes(rightHead(asked, ...fields)), asked.body]);
}

/** An answer with this status and a short body. */
export function refusal(status: string, ...fields: readonly string[]): Step[] {
  const text = `${status}\n`;
  return [send(head(status, ...fields, `Content-Length: ${text.length}`) + text)];
}

export function redirectTo(location: string): Step[] {
  return refusal('302 Found', `Location: ${location}`);
}

/** One part of a chunked body, preceded by its size. */
export function chunkedPart(bytes: Buffer, extension = ''): Buffer {
  return Buffer.concat([toBytes(`${bytes.length.toString(16)}${extension}\r\n`), bytes, toBytes('\r\n')]);
}

function toBytes(bytes: string | Buffer): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
}
