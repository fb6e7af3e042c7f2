// `--name TEMPLATE`: a file's name from what is known of its target and body. Slashes in the template make
// sub-directories; slashes in a value never do.

import { SpillwayError } from '../model/errors.ts';
import { dispositionName, lastSegment } from './file-name.ts';
import { safeName, splitExtension } from './safe-name.ts';
import type { BodyHead } from './sink.ts';

/** Every placeholder and what it stands for. */
export const NAME_FIELDS = {
  index: 'position in the run, from 0',
  line: 'line of the source, from 1; 0 where it has none',
  host: 'host of the URL asked for, with its port',
  path: "the URL's path, slashes as underscores",
  name: "Content-Disposition's name, else the URL's last segment",
  stem: '`name` without its extension',
  ext: 'the extension of `name`, with its dot; empty without one',
  sha256: 'SHA-256 of the body',
} as const;

type NameField = keyof typeof NAME_FIELDS;
type Part = { readonly text: string } | { readonly field: NameField; readonly padCount: number };

/** The name of a body whose head and digest are known: "/"-separated, each part safe. */
export type NameBody = (head: BodyHead, sha256: string) => string;

/** Name as suggested by the server or the URL. */
export function suggestedName(head: BodyHead): string {
  for (const [name, value] of head.headers) {
    if (name !== 'content-disposition') continue;
    const wanted = dispositionName(value);
    // A path in a suggestion is only noise: its last part is the name.
    if (wanted !== undefined)
      return wanted.slice(Math.max(wanted.lastIndexOf('/'), wanted.lastIndexOf('\\')) + 1);
  }
  return lastSegment(head.finalUrl);
}

/**
 * Reads a template such as `{host}/{index:6}-{name}`; `{index:6}` and `{line:6}` pad with zeros.
 * @throws SpillwayError ERR_OPTION for an unknown placeholder, an absolute path, or a part that is empty or dots
 */
export function parseNameTemplate(template: string): NameBody {
  const complain = (found: string): never => {
    const known = Object.keys(NAME_FIELDS).join(', ');
    throw new SpillwayError(
      'ERR_OPTION',
      `--name: expected a relative file name with placeholders of {${known}}, found ${found} in "${template}"`,
    );
  };
  const directories = template.split('/').map((piece) => {
    if (piece === '' || /^\.+$/u.test(piece)) return complain(piece === '' ? 'an empty part' : `"${piece}"`);
    return parsePiece(piece, complain);
  });
  return (head, sha256) => directories.map((parts) => safeName(fill(parts, head, sha256))).join('/');
}

function parsePiece(piece: string, complain: (found: string) => never): Part[] {
  const parts: Part[] = [];
  let position = 0;
  for (const match of piece.matchAll(/\{([^{}]*)\}/gu)) {
    if (match.index > position) parts.push({ text: piece.slice(position, match.index) });
    const [, field, pad] = /^(\w+)(?::(\d{1,2}))?$/u.exec(match[1] as string) ?? [];
    if (field === undefined || !Object.hasOwn(NAME_FIELDS, field)) return complain(match[0]);
    parts.push({ field: field as NameField, padCount: Number(pad ?? 0) });
    position = match.index + match[0].length;
  }
  const rest = piece.slice(position);
  if (/[{}]/u.test(rest)) return complain('a brace without its pair');
  if (rest !== '') parts.push({ text: rest });
  return parts;
}

function fill(parts: readonly Part[], head: BodyHead, sha256: string): string {
  return parts
    .map((part) =>
      'text' in part ? part.text : VALUES[part.field](head, sha256).padStart(part.padCount, '0'),
    )
    .join('');
}

const nameOf = (head: BodyHead) => safeName(suggestedName(head));

const VALUES: Record<NameField, (head: BodyHead, sha256: string) => string> = {
  index: (head) => String(head.index),
  line: (head) => String(head.line),
  host: (head) => new URL(head.url).host,
  path: (head) => new URL(head.url).pathname.slice(1),
  name: nameOf,
  stem: (head) => splitExtension(nameOf(head)).stem,
  ext: (head) => splitExtension(nameOf(head)).extension,
  sha256: (_, sha256) => sha256,
};
