// Where bodies go, as plain data: the caller's choice, resolved, from which every worker opens its own sink.

/** Room for the names of 256 directories of 10,000 files; only the pages that are touched are real memory. */
export const NAME_CLAIMS_BYTES = 32 * 1024 * 1024;

/** A name that a target was about to get in a session that died: free for that target, taken for others. */
export interface NameReservation {
  readonly index: number;
  /** As in `Stored`. */
  readonly path: string;
}

export interface DirectorySpec {
  readonly kind: 'directory';
  /** Absolute path, already there. */
  readonly root: string;
  /** Absolute path of a directory on the same file system, already there, where bodies wait until they are whole. */
  readonly partial: string;
  /** Template of a file's name; null for Content-Disposition, then the URL's last segment. */
  readonly nameTemplate: string | null;
  /** Set the time of a file to its Last-Modified. @default false */
  readonly setsTimes?: boolean;
  /** How many files a directory holds before sub-directories take the rest. */
  readonly filesPerDirectory: number;
  /** True when the directory was not empty at the start: its files are kept too. */
  readonly holdsOthers: boolean;
  /** Names given so far by all workers, as 64-bit prints in shared memory (`sinks/names/name-claims`). */
  readonly claims: SharedArrayBuffer;
  /** From `sinks/recover/recover-sink`, in what goes on after a death; @default none */
  readonly reserved?: readonly NameReservation[];
}

/** Formats of many bodies in one file. */
export const PACKED_KINDS = ['ndjson', 'warc', 'tar'] as const;

export interface PackedSpec {
  readonly kind: (typeof PACKED_KINDS)[number];
  /** Absolute path of the first segment, such as `/data/out.warc.gz`; its directory is already there. */
  readonly file: string;
  /** As for a directory. */
  readonly partial: string;
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** A segment that has grown past this many bytes is closed and the next one opened. */
  readonly segmentBytes: number;
  /** Written into records that name the program that made them. */
  readonly software: string;
  /**
   * From `sinks/recover/recover-sink`: the first segment that a worker of this index makes. Absent in a run's first part, where a
   * file that is there already is refused; in a later one it is passed over.
   * @default 0 for each
   */
  readonly firstSegments?: readonly number[];
}

export interface DiscardSpec {
  readonly kind: 'discard';
}

/** Bodies go as values to whoever reads the outcomes. */
export interface MemorySpec {
  readonly kind: 'memory';
}

/** A sink of the caller's own, from a module that each worker loads. */
export interface ModuleSpec {
  readonly kind: 'module';
  /** `file:` URL of the module. */
  readonly href: string;
  /** Passed to the module's default export; anything that a structured clone accepts. */
  readonly options: unknown;
}

/** Where `--to` leads. */
export type SinkSpec = DirectorySpec | PackedSpec | DiscardSpec;
/** What a worker can write to. */
export type AnySinkSpec = SinkSpec | MemorySpec | ModuleSpec;
