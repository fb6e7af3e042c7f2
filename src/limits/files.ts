// How many files this process and the whole system may hold open; each connection is one.
import type { Bound, FactReader } from './fact-reader.ts';
import { parseBound } from './fact-reader.ts';

export interface FileFacts {
  /** RLIMIT_NOFILE of this process. Node.js has already raised it to the hard limit. */
  readonly softCount: Bound;
  readonly hardCount: Bound;
  /** Files that are open in this process now. */
  readonly inUseCount: number | null;
  /** The highest value that anyone may set RLIMIT_NOFILE to (fs.nr_open). */
  readonly ceilingCount: Bound;
  readonly systemInUseCount: number | null;
  readonly systemMaxCount: Bound;
}

export function readFiles(reader: FactReader): FileFacts {
  const { softCount, hardCount } = readRlimit(reader);
  // Reading the directory opens it: do not count that file.
  const entryCount = reader.entryCount('files.inUseCount', `${reader.proc}/self/fd`);
  const system = reader.text('files.systemMaxCount', `${reader.proc}/sys/fs/file-nr`)?.trim().split(/\s+/);
  const systemInUse = parseBound(system?.[0] ?? '');
  return {
    softCount,
    hardCount,
    inUseCount: entryCount === null ? null : Math.max(0, entryCount - 1),
    ceilingCount: reader.bound('files.ceilingCount', `${reader.proc}/sys/fs/nr_open`),
    systemInUseCount: typeof systemInUse === 'number' ? systemInUse : null,
    systemMaxCount: parseBound(system?.[2] ?? ''),
  };
}

/** /proc/self/limits takes 0.1 ms and the report of Node.js 2 ms, but the report also works without /proc. */
function readRlimit(reader: FactReader): { softCount: Bound; hardCount: Bound } {
  const line = readRlimitLine(reader, 'Max open files');
  if (line !== null) return { softCount: line.soft, hardCount: line.hard };
  const { soft, hard } = reader.runtime.readOpenFiles();
  if (soft === null) reader.missing('files.softCount', 'neither /proc/self/limits nor the report names it');
  return { softCount: soft, hardCount: hard };
}

/** One line of /proc/self/limits; null when the file or the line is missing. */
export function readRlimitLine(reader: FactReader, name: string): { soft: Bound; hard: Bound } | null {
  const text = reader.peek(`${reader.proc}/self/limits`);
  const match = text === null ? null : new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(text);
  if (match === null) return null;
  return { soft: parseBound(match[1] ?? ''), hard: parseBound(match[2] ?? '') };
}
