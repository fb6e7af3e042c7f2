// What a fault may do on the wire, as plain steps, and what it has to make them of. Types and their makers alone.

/** One thing done to a connection. What comes after `reset`, `end` or `stall` is never reached. */
export type Step =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /** Bytes one by one, so far apart. */
  | { readonly kind: 'drip'; readonly bytes: Buffer; readonly everyMs: number }
  /** The same bytes again and again until the client leaves. */
  | { readonly kind: 'flood'; readonly bytes: Buffer; readonly everyMs: number }
  | { readonly kind: 'wait'; readonly durationMs: number }
  /** Nothing more until the client leaves. */
  | { readonly kind: 'stall' }
  /** RST. */
  | { readonly kind: 'reset' }
  /** FIN. */
  | { readonly kind: 'end' }
  /** The right answer is out to its last byte: it counts as answered whole. */
  | { readonly kind: 'answered' }
  /** Every connection of the origin is reset and none is taken for so long. */
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

/** Where a redirect may lead besides the origin itself. */
export type RedirectName = 'refused' | 'expired' | 'self-signed' | 'hanging' | 'plain';

/** One request for a target, as a fault sees it. */
export interface Asked {
  /** The target's path, without a query. */
  readonly path: string;
  /** What a redirect of this server put behind the path; '' in a first request. */
  readonly query: string;
  /** The right body. */
  readonly body: Buffer;
  readonly delayMs: number;
  /** In [0, 1), the same sequence for the same request of the target: its first, its second … */
  random(): number;
  /** The URL that a redirect of that name leads to. */
  at(name: RedirectName): string;
}

/** A whole number from `least` to `most`, both included. */
export function pick(asked: Asked, least: number, most: number): number {
  return least + Math.floor(asked.random() * (Math.max(least, most) - least + 1));
}

/** A status line and fields, with the empty line. Latin-1. */
export function head(status: string, ...fields: readonly string[]): string {
  return [`HTTP/1.1 ${status}`, ...fields, '', ''].join('\r\n');
}

/** The head of the right answer with a counted body. */
export function rightHead(asked: Asked, ...fields: readonly string[]): string {
  return head('200 OK', ...fields, 'Content-Type: text/plain', `Content-Length: ${asked.body.length}`);
}

export function rightAnswer(asked: Asked, ...fields: readonly string[]): Buffer {
  return Buffer.concat([toBytes(rightHead(asked, ...fields)), asked.body]);
}

/** A status with a few words that nobody needs. */
export function refusal(status: string, ...fields: readonly string[]): Step[] {
  const text = `${status}\n`;
  return [send(head(status, ...fields, `Content-Length: ${text.length}`) + text)];
}

export function redirectTo(location: string): Step[] {
  return refusal('302 Found', `Location: ${location}`);
}

/** One part of a chunked body, with its size before it. */
export function chunkedPart(bytes: Buffer, extension = ''): Buffer {
  return Buffer.concat([toBytes(`${bytes.length.toString(16)}${extension}\r\n`), bytes, toBytes('\r\n')]);
}

function toBytes(bytes: string | Buffer): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
}
