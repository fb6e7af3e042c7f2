// The file name in a Content-Disposition field, as browsers read it: a library reads RFC 6266, and this file
// repairs what servers send in practice. Pure; the result is not yet a safe name (safe-name.ts makes it one).

import { decodeExtended, parse } from 'content-disposition';

/** Longer than any real name; a longer field is cut here. */
const MAX_FIELD_CHARACTERS = 16 * 1024;

/** The name that the field asks for: `filename*` (RFC 8187) before `filename`. Undefined where there is none. */
export function dispositionName(field: string): string | undefined {
  const { parameters } = parse(repaired(field.slice(0, MAX_FIELD_CHARACTERS)), { extended: false });
  const extended = parameters['filename*'];
  const wanted = extended === undefined ? undefined : decodeAny(extended);
  if (wanted !== undefined && wanted !== '') return wanted;
  const plain = parameters['filename'];
  return plain === undefined || plain === '' ? undefined : (encodedWords(plain) ?? utf8FromLatin1(plain));
}

/** The field corrected to what its sender meant. */
function repaired(field: string): string {
  const typed = /^\s*filename\*?\s*=/iu.test(field) ? `attachment; ${field}` : field;
  // A Windows path, or a share, is sent unescaped: its backslashes are not escapes.
  const escaped = /=\s*"(?:[a-z]:\\|\\\\)/iu.test(typed) ? typed.replaceAll(/\\(?!")/gu, '\\\\') : typed;
  return closesQuotes(escaped) ? escaped : `${escaped}"`;
}

/** False where a quoted string has no end; `\` and the character after it count as one. */
function closesQuotes(field: string): boolean {
  let isOpen = false;
  for (let at = 0; at < field.length; at++) {
    if (isOpen && field[at] === '\\') at++;
    else if (field[at] === '"') isOpen = !isOpen;
  }
  return !isOpen;
}

/**
 * Decodes `charset'language'text`: the library knows UTF-8 and ISO-8859-1, browsers know every charset of the web.
 */
function decodeAny(value: string): string | undefined {
  const known = decodeExtended(value);
  if (known !== undefined) return known;
  const [, charset, text] = /^([\w.:-]+)'[^']*'(.*)$/su.exec(value) ?? [];
  return charset === undefined || text === undefined ? undefined : decodeBytes(charset, percentBytes(text));
}

/** Decodes `=?charset?B?…?=` (RFC 2047), where the name consists of nothing else; undefined for any other name. */
function encodedWords(text: string): string | undefined {
  if (!text.startsWith('=?')) return undefined;
  const words: string[] = [];
  for (const word of text.trim().split(/[ \t]+/u)) {
    const [, charset, coding, content] =
      /^=\?([\w.:-]+)(?:\*[\w-]*)?\?([bq])\?([^?]*)\?=$/iu.exec(word) ?? [];
    if (charset === undefined || coding === undefined || content === undefined) return undefined;
    const bytes = /b/iu.test(coding)
      ? Buffer.from(content, 'base64')
      : percentBytes(content.replaceAll('_', ' ').replaceAll(/%/gu, '=25').replaceAll('=', '%'));
    const decoded = decodeBytes(charset, bytes);
    if (decoded === undefined) return undefined;
    words.push(decoded);
  }
  return words.join('');
}

/** Bytes of a text with `%xx` in it. */
function percentBytes(text: string): Buffer {
  const latin1 = text.replaceAll(/%([0-9a-f]{2})/giu, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(latin1, 'latin1');
}

function decodeBytes(charset: string, bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Header bytes arrive as one character each; many servers send UTF-8. */
function utf8FromLatin1(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the range of one byte is meant
  if (!/^[\u0000-\u00ff]*$/u.test(text) || !/[\u0080-\u00ff]/u.test(text)) return text;
  return decodeBytes('utf-8', Buffer.from(text, 'latin1')) ?? text;
}
