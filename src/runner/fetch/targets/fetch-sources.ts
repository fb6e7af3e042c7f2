// Opens sources from plain data: a template or URL, a list, a paginated API.

import { accessSync, constants, statSync } from 'node:fs';
import { SpillwayError } from '../../../model/errors.ts';
import { withoutLogins } from '../../../model/shown-url.ts';
import type { Source } from '../../../model/target.ts';
import { openItems, type UrlItems } from '../../../sources/items.ts';
import { openListApi, type PageMemory } from '../../../sources/list-api.ts';
import type { ListApiOptions, RequestPage } from '../../../model/list-api-options.ts';
import { openListFile } from '../../../sources/list-file.ts';
import type { ListFormat } from '../../../sources/records.ts';
import { openTemplate } from '../../../sources/template.ts';

export type SourceOptions =
  | { readonly kind: 'template'; readonly template: string }
  | {
      readonly kind: 'list';
      /** A path, or a stream and its name. */
      readonly input: string | { readonly stream: AsyncIterable<Buffer>; readonly name: string };
      readonly format?: ListFormat;
      readonly field?: string;
    }
  | { readonly kind: 'list-api'; readonly api: ListApiOptions }
  | {
      readonly kind: 'items';
      readonly items: UrlItems;
      /** The name of the source in messages. */
      readonly name: string;
    };

/**
 * Opens one source.
 * @param pageMemory of a list API whose walk is continued; @default it begins at its first page
 * @throws SpillwayError ERR_OPTION when the source cannot be opened as what it is given as
 */
export function openSource(
  options: SourceOptions,
  requestPage: RequestPage,
  pageMemory?: PageMemory,
): Source {
  if (options.kind === 'template') return openTemplate(options.template);
  if (options.kind === 'list-api') return openListApi(options.api, requestPage, pageMemory);
  if (options.kind === 'items') return openItems(options.items, options.name);
  const { input, format, field } = options;
  if (typeof input === 'string') checkReadable(input);
  return openListFile({
    input: typeof input === 'string' ? { path: input } : input,
    ...(format === undefined ? {} : { format }),
    ...(field === undefined ? {} : { field }),
  });
}

function checkReadable(path: string): void {
  const reason = whyUnreadable(path);
  if (reason === null) return;
  throw new SpillwayError(
    'ERR_OPTION',
    `source: expected a URL with http:// or https://, a readable list, or - for standard input, found "${withoutLogins(path)}" (${reason})`,
  );
}

function whyUnreadable(path: string): string | null {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory() ? 'a directory' : null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
