// Reads single facts from the kernel's text files and keeps the reason for each fact that cannot be read.
// Knows where the files are and how they write numbers, but not what the numbers mean.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** A limit: a number, `unlimited`, or null when it cannot be read. */
export type Bound = number | 'unlimited' | null;

/** A fact that could not be read, and why. */
export interface UnknownFact {
  /** Its path in `Limits`, such as `ports.lowPort`. */
  readonly fact: string;
  readonly reason: string;
}

/** What Node.js itself says of the machine; the only source when there is no /proc. */
export interface RuntimeFacts {
  readonly availableParallelism: number;
  readonly machineCoreCount: number;
  readonly totalMemoryBytes: number;
  readonly availableMemoryBytes: number;
  /** The value of `process.constrainedMemory()`: 0 or 2^64 when there is no constraint. */
  readonly constrainedMemoryBytes: number;
  readonly residentBytes: number;
  /** True for user 0, to whom RLIMIT_NPROC does not apply. */
  readonly isRoot: boolean;
  /** Takes 2 ms, so it is called only when /proc/self/limits is missing. */
  readonly readOpenFiles: () => { readonly soft: Bound; readonly hard: Bound };
}

/** Where the facts come from. Every path can be replaced, for example by a tree of fixtures. */
export interface LimitRoots {
  /** @default '/proc' */
  readonly proc?: string;
  /** @default '/sys/fs/cgroup' */
  readonly cgroup?: string;
  /** @default what Node.js says of this machine now */
  readonly runtime?: RuntimeFacts;
}

/** Parses a limit. Kernel files write "no limit" as max, unlimited, -1, or a number near 2^63 or 2^64. */
export function parseBound(text: string): Bound {
  const word = text.trim();
  if (word === 'max' || word === 'unlimited' || word === '-1' || word === 'infinity') return 'unlimited';
  if (!/^\d+$/.test(word)) return null;
  const value = Number(word);
  return Number.isSafeInteger(value) ? value : 'unlimited';
}

/** The smaller of two bounds; an unknown one is ignored. */
export function tighterBound(a: Bound, b: Bound): Bound {
  if (typeof a === 'number' && typeof b === 'number') return Math.min(a, b);
  if (typeof a === 'number') return a;
  return typeof b === 'number' ? b : (a ?? b);
}

export class FactReader {
  readonly proc: string;
  readonly cgroup: string;
  readonly runtime: RuntimeFacts;
  readonly #unknown: UnknownFact[] = [];

  constructor(roots: LimitRoots) {
    this.proc = roots.proc ?? '/proc';
    this.cgroup = roots.cgroup ?? '/sys/fs/cgroup';
    this.runtime = roots.runtime ?? readRuntime();
  }

  get unknown(): readonly UnknownFact[] {
    return this.#unknown;
  }

  /** Keeps the reason for a fact that is not known, and returns null. */
  missing(fact: string, reason: string): null {
    this.#unknown.push({ fact, reason });
    return null;
  }

  /** The text of a file, or null without keeping a reason: for files that are often missing. */
  peek(path: string): string | null {
    return peekText(path);
  }

  /** The text of a file, or null with the reason kept. */
  text(fact: string, path: string): string | null {
    try {
      return readFileSync(path, 'latin1');
    } catch (error) {
      return this.missing(fact, describe(error, path));
    }
  }

  /** The first number in a file. */
  bound(fact: string, path: string): Bound {
    const text = this.text(fact, path);
    if (text === null) return null;
    const value = parseBound(text.trim().split(/\s+/)[0] ?? '');
    return value ?? this.missing(fact, `${path} holds no number`);
  }

  /** Like `bound`, for files in which "no limit" has no meaning. */
  number(fact: string, path: string): number | null {
    const value = this.bound(fact, path);
    return typeof value === 'number' ? value : null;
  }

  /** True when the file does not exist; false when it exists but cannot be seen or read. */
  isKnownMissing(path: string): boolean {
    try {
      return statSync(path, { throwIfNoEntry: false }) === undefined;
    } catch {
      return false;
    }
  }

  isDirectory(path: string): boolean {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  /** How many entries a directory has. */
  entryCount(fact: string, path: string): number | null {
    try {
      return readdirSync(path).length;
    } catch (error) {
      return this.missing(fact, describe(error, path));
    }
  }
}

/** The text of a file, or null when it cannot be read. */
export function peekText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}

function describe(error: unknown, path: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return `${path} cannot be read (${code})`;
}

function readRuntime(): RuntimeFacts {
  return {
    availableParallelism: availableParallelism(),
    machineCoreCount: Math.max(1, cpus().length),
    totalMemoryBytes: totalmem(),
    availableMemoryBytes: process.availableMemory(),
    constrainedMemoryBytes: process.constrainedMemory(),
    residentBytes: readResidentBytes(),
    isRoot: process.getuid?.() === 0,
    readOpenFiles: readOpenFilesByReport,
  };
}

/** Memory that this process holds now; its highest so far when there is no /proc to ask. */
export function readResidentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

function readOpenFilesByReport(): { soft: Bound; hard: Bound } {
  // @types/node 26.6 lacks this option, which exists since Node.js 22.0.
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  const before = report.excludeNetwork ?? false;
  // Without this the report looks up the name of every open socket's peer.
  report.excludeNetwork = true;
  try {
    const { userLimits } = report.getReport() as {
      userLimits?: { open_files?: { soft?: string | number; hard?: string | number } };
    };
    const { soft, hard } = userLimits?.open_files ?? {};
    return { soft: parseBound(String(soft)), hard: parseBound(String(hard)) };
  } finally {
    report.excludeNetwork = before;
  }
}
