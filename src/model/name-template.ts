// Parses `--name TEMPLATE`, which makes a file's name from what is known of its target and body. Slashes in
// the template make sub-directories; slashes in a value never do.

import { SpillwayError } from './errors.ts';

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

export type NameField = keyof typeof NAME_FIELDS;
export type NamePart = { readonly text: string } | { readonly field: NameField; readonly padCount: number };

/**
 * Reads a template such as `{host}/{index:6}-{name}`; `{index:6}` and `{line:6}` pad with zeros.
 * @returns the parts of each directory and, last, of the file's name
 * @throws SpillwayError ERR_OPTION for an unknown placeholder, an absolute path, or a part that is empty or dots
 */
export function parseNameTemplate(template: string): readonly (readonly NamePart[])[] {
  const complain = (found: string): never => {
    const known = Object.keys(NAME_FIELDS).join(', ');
    throw new SpillwayError(
      'ERR_OPTION',
      `--name: expected a relative file name with placeholders of {${known}}, found ${found} in "${template}"`,
    );
  };
  return template.split('/').map((piece) => {
    if (piece === '' || /^\.+$/u.test(piece)) return complain(piece === '' ? 'an empty part' : `"${piece}"`);
    return parsePiece(piece, complain);
  });
}

function parsePiece(piece: string, complain: (found: string) => never): NamePart[] {
  const parts: NamePart[] = [];
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
