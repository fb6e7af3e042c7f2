// Where the program's own modules are: the sources run as .ts, the built program as .js, whose code may lie in any
// directory of dist (tools/build.ts). Threads and processes are begun by these addresses.

const { url } = import.meta;
const root = url.slice(0, Math.max(url.lastIndexOf('/src/') + 5, url.lastIndexOf('/dist/') + 6));
const extension = url.endsWith('.ts') ? 'ts' : 'js';

/** The address of a module of the program, by its path below src without an extension, such as `workers/entry`. */
export function programUrl(module: string): URL {
  return new URL(`${module}.${extension}`, root);
}

/** The manifest of the package that this program is. */
export const manifestUrl = new URL('../package.json', root);
