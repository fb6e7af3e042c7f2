// Which bytes may stand where in the HTTP/1.1 answers that the wire lane takes (RFC 9110 section 5, RFC
// 9112): the strict, common subset, as tables, so that checking a byte costs one look-up. The parser knows
// the order.

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COMMA = 0x2c;
export const COLON = 0x3a;

const NAME_CHARACTERS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";

/** The lower-case byte where one may stand in a field name, 0 where not. */
export const NAME_BYTE = new Uint8Array(256);
/** 1 where the byte may stand in a field value or a reason phrase: no control byte but the tab. */
export const VALUE_BYTE = new Uint8Array(256);
/** The value of a hexadecimal digit, 255 for any other byte. */
export const HEX_DIGIT = new Uint8Array(256).fill(255);

for (const character of NAME_CHARACTERS) {
  const byte = character.charCodeAt(0);
  NAME_BYTE[byte] = byte;
  NAME_BYTE[character.toUpperCase().charCodeAt(0)] = byte;
}
for (let byte = 0; byte < 256; byte++)
  VALUE_BYTE[byte] = byte === HTAB || (byte >= SP && byte !== 0x7f) ? 1 : 0;
for (let digit = 0; digit < 16; digit++) {
  const character = digit.toString(16);
  HEX_DIGIT[character.charCodeAt(0)] = digit;
  HEX_DIGIT[character.toUpperCase().charCodeAt(0)] = digit;
}

/** Whether `bytes[start, end)` is `word`, letter case aside. `word` is lower-case and made of name characters. */
export function isWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false;
  for (let index = 0; index < word.length; index++)
    if (NAME_BYTE[bytes[start + index] as number] !== word[index]) return false;
  return true;
}

export const CHUNKED = Buffer.from('chunked');
export const CLOSE = Buffer.from('close');
export const CONNECTION = Buffer.from('connection');
export const CONTENT_ENCODING = Buffer.from('content-encoding');
export const CONTENT_LENGTH = Buffer.from('content-length');
export const KEEP_ALIVE = Buffer.from('keep-alive');
export const PROXY_CONNECTION = Buffer.from('proxy-connection');
export const TRANSFER_ENCODING = Buffer.from('transfer-encoding');
