// Encodes the login of a URL for a request field. A "%" that begins no escape is taken literally, as browsers
// and curl do, so that no URL is refused for its login. Pure.

import { isUtf8 } from 'node:buffer';

/** Base64 of `name:password`; null for a URL without a login. */
export function basicLogin({ username, password }: Pick<URL, 'username' | 'password'>): string | null {
  if (username === '' && password === '') return null;
  return Buffer.concat([percentBytes(username), Buffer.from(':'), percentBytes(password)]).toString('base64');
}

/** The same URL with a login that `decodeURIComponent` accepts, for libraries that refuse others. */
export function decodableLogin(href: string): string {
  const url = URL.parse(href);
  if (url === null || !`${url.username}${url.password}`.includes('%')) return href;
  url.username = recoded(url.username);
  url.password = recoded(url.password);
  return url.href;
}

function recoded(text: string): string {
  const bytes = percentBytes(text);
  return encodeURIComponent(isUtf8(bytes) ? bytes.toString() : bytes.toString('latin1'));
}

/** The bytes that percent-encoded text stands for. */
function percentBytes(text: string): Buffer {
  if (!text.includes('%')) return Buffer.from(text);
  const encoded = Buffer.from(text);
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    const code = encoded[at] === PERCENT ? hexByte(encoded, at + 1) : -1;
    encoded[length++] = code === -1 ? (encoded[at] as number) : code;
    if (code !== -1) at += 2;
  }
  return encoded.subarray(0, length);
}

const PERCENT = 0x25;

/** The byte of two hexadecimal digits at `at`; -1 for other text. */
function hexByte(text: Buffer, at: number): number {
  const high = hexDigit(text[at]);
  const low = hexDigit(text[at + 1]);
  return high === -1 || low === -1 ? -1 : high * 16 + low;
}

function hexDigit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
