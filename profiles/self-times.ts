// CPU profiles of several threads as one table: where the time went, function by function. Pure: it is given what the
// profiler wrote and gives Markdown back.

/** What V8 writes (`--cpu-prof`): a tree of calls, and which node was on top at each sample. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Who a function belongs to. */
export type Owner =
  | 'engine'
  | 'undici'
  | 'piscina'
  | 'other packages'
  | 'node'
  | 'native'
  | 'garbage collector';

export interface FunctionTime {
  readonly name: string;
  /** Below the project's root, or as the profiler names it; with the line. */
  readonly where: string;
  readonly owner: Owner;
  readonly selfUs: number;
  /** With all it called. */
  readonly totalUs: number;
}

export interface SelfTimes {
  /** Hottest first. */
  readonly functions: readonly FunctionTime[];
  /** Without the time in which nothing ran. */
  readonly busyUs: number;
  readonly byOwner: ReadonlyMap<Owner, number>;
}

const IDLE = '(idle)';
const GARBAGE_COLLECTOR = '(garbage collector)';

/** @param root path of the project's directory with a slash at its end; it is left out of what is shown */
export function mergeSelfTimes(profiles: readonly CpuProfile[], root: string): SelfTimes {
  const merged = new Map<string, { -readonly [Key in keyof FunctionTime]: FunctionTime[Key] }>();
  for (const profile of profiles) addProfile(profile, root, merged);
  const functions = [...merged.values()]
    .filter(({ name }) => name !== IDLE)
    .toSorted((a, b) => b.selfUs - a.selfUs);
  const byOwner = new Map<Owner, number>();
  let busyUs = 0;
  for (const { owner, selfUs } of functions) {
    busyUs += selfUs;
    byOwner.set(owner, (byOwner.get(owner) ?? 0) + selfUs);
  }
  return { functions, busyUs, byOwner };
}

function addProfile(
  { nodes, samples, timeDeltas }: CpuProfile,
  root: string,
  merged: Map<string, { -readonly [Key in keyof FunctionTime]: FunctionTime[Key] }>,
): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const selfUs = new Map<number, number>();
  for (const [index, id] of samples.entries())
    selfUs.set(id, (selfUs.get(id) ?? 0) + Math.max(0, timeDeltas[index] ?? 0));

  /** A function that calls itself counts once: only its outermost call adds to its total. */
  const walk = (id: number, above: ReadonlySet<string>): number => {
    const node = byId.get(id);
    if (node === undefined) return 0;
    const { functionName, url, lineNumber } = node.callFrame;
    const where = shorten(url, lineNumber, root);
    const key = `${functionName} ${where}`;
    let entry = merged.get(key);
    if (entry === undefined) {
      const name = functionName === '' ? '(anonymous)' : functionName;
      entry = { name, where, owner: ownerOf(url, functionName, root), selfUs: 0, totalUs: 0 };
      merged.set(key, entry);
    }
    const own = selfUs.get(id) ?? 0;
    let total = own;
    const inside = above.has(key) ? above : new Set([...above, key]);
    for (const child of node.children ?? []) total += walk(child, inside);
    entry.selfUs += own;
    if (!above.has(key)) entry.totalUs += total;
    return total;
  };
  const children = new Set(nodes.flatMap((node) => node.children ?? []));
  for (const { id } of nodes) if (!children.has(id)) walk(id, new Set());
}

function shorten(url: string, lineNumber: number, root: string): string {
  if (url === '') return '';
  const path = url.replace(/^file:\/\//, '');
  return `${path.startsWith(root) ? path.slice(root.length) : path}:${lineNumber + 1}`;
}

function ownerOf(url: string, functionName: string, root: string): Owner {
  if (functionName === GARBAGE_COLLECTOR) return 'garbage collector';
  if (url === '') return 'native';
  if (url.startsWith('node:')) return 'node';
  const [, library] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url) ?? [];
  if (library === 'undici' || library === 'piscina') return library;
  return library === undefined && url.includes(root) ? 'engine' : 'other packages';
}

/** A table for people: the owners, then the hottest functions. */
export function selfTimesMarkdown({ functions, busyUs, byOwner }: SelfTimes, count = 25): string {
  const share = (us: number) => `${((us / Math.max(1, busyUs)) * 100).toFixed(1)} %`;
  const ms = (us: number) => (us / 1e3).toFixed(1);
  const owners = [...byOwner].toSorted(([, a], [, b]) => b - a);
  const row = ({ name, where, owner, selfUs, totalUs }: FunctionTime) =>
    `| \`${name}\` | ${where === '' ? '' : `\`${where}\``} | ${owner} | ${ms(selfUs)} | ${share(selfUs)} | ${ms(totalUs)} |`;
  const head = ['| function | where | owner | self ms | share | total ms |', '|---|---|---|--:|--:|--:|'];
  const engine = functions.filter(({ owner }) => owner === 'engine');
  return [
    `${ms(busyUs)} ms of busy time.`,
    '',
    '| owner | self ms | share of busy time |',
    '|---|--:|--:|',
    ...owners.map(([owner, us]) => `| ${owner} | ${ms(us)} | ${share(us)} |`),
    '',
    'The hottest functions:',
    '',
    ...head,
    ...functions.slice(0, count).map(row),
    '',
    "The engine's own:",
    '',
    ...head,
    ...engine.slice(0, count).map(row),
    '',
  ].join('\n');
}
