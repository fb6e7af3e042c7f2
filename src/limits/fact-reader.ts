// Reads single facts from the kernel's text files and keeps the reason for each fact that cannot be read. It knows
// where the files are and how numbers are spelled in them, not what they mean.
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

/** What Node.js says of the machine by itself; the only source where there is no /proc. */
export interface RuntimeFacts {
  readonly availableParallelism: number;
  readonly machineCoreCount: number;
  readonly totalMemoryBytes: number;
  readonly availableMemoryBytes: number;
  /** As `process.constrainedMemory()` gives it: 0 or 2^64 where there is no constraint. */
  readonly constrainedMemoryBytes: number;
  readonly residentBytes: number;
  /** RLIMIT_NPROC does not bind the user 0. */
  readonly isRoot: boolean;
  /** Costs 2 ms, so it is asked only where /proc/self/limits is missing. */
  readonly readOpenFiles: () => { readonly soft: Bound; readonly hard: Bound };
}

/** Where the facts come from; every path can be another one, so that a tree of fixtures can stand in. */
export interface LimitRoots {
  /** @default '/proc' */
  readonly proc?: string;
  /** @default '/sys/fs/cgroup' */
  readonly cgroup?: string;
  /** @default what Node.js says of this machine now */
  readonly runtime?: RuntimeFacts;
}

/** Kernel files spell "no limit" as max, unlimited, -1, or a number next to 2^63 or 2^64. */
export function parseBound(text: string): Bound {
  const word = text.trim();
  if (word === 'max' || word === 'unlimited' || word === '-1' || word === 'infinity') return 'unlimited';
  if (!/^\d+$/.test(word)) return null;
  const value = Number(word);
  return Number.isSafeInteger(value) ? value : 'unlimited';
}

/** The lesser of two bounds; an unknown one does not count. */
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

  /** Keeps the reason for a fact that is not known, and gives null. */
  missing(fact: string, reason: string): null {
    this.#unknown.push({ fact, reason });
    return null;
  }

  /** The text of a file, or null without a word: for files that are missing on purpose. */
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

  /** The number that a file holds first. */
  bound(fact: string, path: string): Bound {
    const text = this.text(fact, path);
    if (text === null) return null;
    const value = parseBound(text.trim().split(/\s+/)[0] ?? '');
    return value ?? this.missing(fact, `${path} holds no number`);
  }

  /** As `bound`, for files where "no limit" means nothing. */
  number(fact: string, path: string): number | null {
    const value = this.bound(fact, path);
    return typeof value === 'number' ? value : null;
  }

  /** Nothing is there, as opposed to something that may not be seen or read. */
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

/** What this process holds in memory now; its most so far where /proc is not there to ask. */
export function readResidentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

function readOpenFilesByReport(): { soft: Bound; hard: Bound } {
  // @types/node 26.6 does not know the option; it is there since Node.js 22.0.
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  const before = report.excludeNetwork ?? false;
  // Without this the report resolves the peer of every open socket.
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
