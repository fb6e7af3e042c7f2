// Fields and content of a request as text for the wire, one character for each byte.

import type { RequestPayload } from '../lane.ts';

/** Text by payload: requests that are alike share one, so that its text is made once. */
const made = new WeakMap<RequestPayload, string>();

/** What follows the lane's fields: the request's own, the length of its content, an empty line, the content. */
export function payloadText(payload: RequestPayload): string {
  const known = made.get(payload);
  if (known !== undefined) return known;
  const { headers, content } = payload;
  const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = content === null ? '' : `content-length: ${content.length}\r\n`;
  const body =
    content === null
      ? ''
      : Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  const text = `${fields}${length}\r\n${body}`;
  made.set(payload, text);
  return text;
}
