// Chooses a file's name: from the caller's template, the server or the URL.

import { type NameField, type NamePart, parseNameTemplate } from '../../model/name-template.ts';
import { dispositionName } from './disposition-name.ts';
import { lastSegment } from './file-name.ts';
import { safeName, splitExtension } from './safe-name.ts';
import type { BodyHead } from '../sink.ts';

/** The name of a body whose head and digest are known: "/"-separated, each part safe. */
export type NameBody = (head: BodyHead, sha256: string) => string;

/** The name that the server or the URL suggests. */
export function suggestedName(head: BodyHead): string {
  const { disposition = head.headers.find(([name]) => name === 'content-disposition')?.[1] } = head;
  if (disposition !== null && disposition !== undefined) {
    const wanted = dispositionName(disposition);
    // Directories in a suggested path are ignored: its last part is the name, if there is one.
    const name = wanted?.slice(Math.max(wanted.lastIndexOf('/'), wanted.lastIndexOf('\\')) + 1) ?? '';
    if (name !== '') return name;
  }
  return lastSegment(head.finalUrl);
}

/** @throws SpillwayError ERR_OPTION for a template that cannot be read */
export function makeNameBody(template: string): NameBody {
  const directories = parseNameTemplate(template);
  return (head, sha256) => directories.map((parts) => safeName(fill(parts, head, sha256))).join('/');
}

function fill(parts: readonly NamePart[], head: BodyHead, sha256: string): string {
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
