// Writes the declarations in docs/library/*.md from the sources: one page for each public name. Part of `npm run
// pages`; a test fails when page and code differ.

import { readFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

export interface PublicName {
  readonly name: string;
  /** As the file that declares it calls it. */
  readonly declared: string;
  readonly file: string;
}

/** What `src/index.ts` exports, in its order. */
export function publicNames(): PublicName[] {
  return [...read('src/index.ts').matchAll(/^export (?:type )?\{ (.+) \} from '\.\/(.+)';$/gm)].flatMap(
    ([, names, file]) =>
      (names as string).split(', ').map((each): PublicName => {
        const [declared = '', name = declared] = each.replace(/^type /, '').split(' as ');
        return { name, declared, file: `src/${file}` };
      }),
  );
}

/** The declaration with its comments, without what is inside a function. @throws Error when the file has none */
export function declarationOf({ declared, file }: PublicName): string {
  const lines = read(file).split('\n');
  const pattern = new RegExp(`^export (?:async )?(?:function|class|interface|type) ${declared}\\b`);
  const first = lines.findIndex((line) => pattern.test(line));
  if (first === -1) throw new Error(`expected a declaration of ${declared} in ${file}, found none`);
  const isAlias = (lines[first] as string).startsWith('export type');
  const isFunction = /^export (?:async )?function/.test(lines[first] as string);
  const kept: string[] = [];
  for (let at = first; at < lines.length; at++) {
    const line = lines[at] as string;
    if (isFunction && at > first && !/^(?:export|\s|\)|\})/.test(line)) break;
    if (isFunction && line.endsWith(' {') && !line.startsWith(' ')) {
      // Overloads are what callers see; their implementation is not.
      if (kept.length === 0) kept.push(line.replace(/ \{$/, ';'));
      break;
    }
    kept.push(line);
    if (isAlias ? line.endsWith(';') : !isFunction && line.startsWith('}')) break;
  }
  return [...commentAbove(lines, first), ...kept].join('\n').trim();
}

function commentAbove(lines: readonly string[], first: number): string[] {
  if (!lines[first - 1]?.endsWith('*/')) return [];
  let start = first - 1;
  while (!lines[start]?.trimStart().startsWith('/**')) start--;
  return lines.slice(start, first);
}

/** The page with its declaration drawn anew. */
export function renderLibraryPage(text: string, name: PublicName): string {
  return text.replace(
    /<!-- declaration -->[\s\S]*?<!-- end -->/,
    () => `<!-- declaration -->\n\`\`\`ts\n${declarationOf(name)}\n\`\`\`\n<!-- end -->`,
  );
}

export const pageOf = ({ name }: PublicName) => `docs/library/${name}.md`;
