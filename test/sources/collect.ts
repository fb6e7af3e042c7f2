// What a source yields, as a list.

import type { Source, SourceItem } from '../../src/model/target.ts';

export async function collect(source: Source, signal = new AbortController().signal): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  for await (const group of source.items(signal)) items.push(...group);
  return items;
}

/** The targets' URLs alone. */
export async function collectUrls(source: Source): Promise<string[]> {
  return (await collect(source)).flatMap((item) => (item.kind === 'target' ? [item.url] : []));
}
