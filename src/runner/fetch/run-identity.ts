// The options of a fetch that decide which bodies it gets and where they go; everything else (cores, speed,
// deadlines, retries) may change from one session to the next. Holds no credential: only the name of an option that
// may hold one.

import { resolve } from 'node:path';
import type { ListApiOptions } from '../../model/list-api-options.ts';
import type { RunIdentity } from '../../model/run-journal.ts';
import { packedEnding } from './record/fetch-output.ts';
import type { FetchOptions } from './fetch-options.ts';
import type { SourceOptions } from './targets/fetch-sources.ts';
import { isSecretName, shownUrl } from '../../model/shown-url.ts';

export function makeRunIdentity(options: FetchOptions): RunIdentity {
  const { sources, request, isDeduping } = options;
  const facts: Record<string, string | null> = {
    '--to': kindOfOutput(options.to),
    '--name': options.nameTemplate,
    '--bytes': options.bytes,
    '--user-agent': request.userAgent.startsWith('spillway/') ? null : request.userAgent,
    '--header': listOf(request.headers.map(([name]) => name.toLowerCase())),
    '--list-header': listOf((request.listHeaders ?? []).map(([name]) => name.toLowerCase())),
    '--netrc': options.netrcFile === null ? null : 'given',
    '--robots': request.honoursRobots === true ? 'given' : null,
    '--dedupe': isDeduping ? `of ${options.maxRemembered}` : null,
  };
  for (const [at, source] of sources.entries()) Object.assign(facts, describeSource(source, at + 1));
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null)) as RunIdentity;
}

/** An output that was moved is the same; one of another kind is not. */
function kindOfOutput(to: string | null): string {
  if (to === 'discard') return 'discard';
  return packedEnding(to ?? '') ?? 'a directory';
}

function describeSource(source: SourceOptions, number: number): Record<string, string | null> {
  const name = `source ${number}`;
  if (source.kind === 'template') return { [name]: shownUrl(source.template) };
  if (source.kind === 'items') return { [name]: `items of ${source.name}` };
  if (source.kind === 'list-api') return describeListApi(source.api);
  const { input, format = null, field = null } = source;
  return {
    [name]: typeof input === 'string' ? resolve(input) : input.name,
    '--format': format,
    '--field': field,
  };
}

function describeListApi(api: ListApiOptions): Record<string, string | null> {
  const { url, parameters } = api;
  const shown = Object.entries(parameters).map(([name, value]) =>
    isSecretName(name) ? name : `${name}=${value}`,
  );
  return {
    '--list-api': shownUrl(url),
    '--list-method': api.method,
    '--list-in': api.parametersIn,
    '--list-param': listOf(shown),
    '--list-paging': JSON.stringify(api.paging),
    '--list-end': JSON.stringify(api.end),
    '--list-items': api.itemsPath,
    '--list-item-url': api.itemUrl,
  };
}

function listOf(names: readonly string[]): string | null {
  return names.length === 0 ? null : names.toSorted().join(', ');
}
