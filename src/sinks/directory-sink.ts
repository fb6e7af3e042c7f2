// Stores one file for each target in a directory. A file gets its name only when it is whole, never outside the
// directory and never over another file. Every `filesPerDirectory` targets, by index, a new sub-directory begins.

import { existsSync } from 'node:fs';
import { SpillwayError } from '../model/errors.ts';
import type { Stored } from '../model/outcome.ts';
import type { DirectorySpec } from '../model/sink-spec.ts';
import { IntentLog, type NameIntent } from './intent-log.ts';
import { strangeness } from '../files/own-files.ts';
import { makeDirectory } from '../files/make-directory.ts';
import { NameClaims } from './names/name-claims.ts';
import { type NameBody, makeNameBody, suggestedName } from './names/name-template.ts';
import { safeName, withSuffix } from './names/safe-name.ts';
import type { Body, BodyHead, Committed, ReopenedBody, Sink } from './sink.ts';
import { guardWrite } from '../files/sink-error.ts';
import { Spool, type SpoolOptions } from './spool.ts';
import { TempNames } from './temp-names.ts';

/** Directory of targets 10,000 … 19,999 is `part-00001`. No body may take such a name. */
const PART_NAME = /^part-\d{5,}$/iu;

export function openDirectorySink(spec: DirectorySpec, workerIndex: number): Sink {
  return new DirectorySink(spec, workerIndex);
}

class DirectorySink implements Sink {
  readonly #spec: DirectorySpec;
  readonly #claims: NameClaims;
  readonly #nameBody: NameBody;
  readonly #log: IntentLog<NameIntent>;
  /** Names kept for targets, by index. */
  readonly #reserved: ReadonlyMap<number, string>;
  readonly #tempNames: TempNames;
  /** Directories known to exist; cleared when it grows, so that a template with many of them needs bounded memory. */
  readonly #made = new Set<string>(['']);

  constructor(spec: DirectorySpec, workerIndex: number) {
    this.#spec = spec;
    this.#tempNames = new TempNames(spec.partial, workerIndex);
    this.#log = new IntentLog(spec.partial, workerIndex);
    this.#reserved = new Map((spec.reserved ?? []).map(({ index, path }) => [index, path]));
    this.#claims = new NameClaims(spec.claims);
    this.#nameBody =
      spec.nameTemplate === null ? (head) => safeName(suggestedName(head)) : makeNameBody(spec.nameTemplate);
  }

  begin(head: BodyHead): Body {
    const partialFile = this.#tempNames.next(head.index);
    return new DirectoryBody(this, head, partialFile, new Spool(this.#spoolOptions(head, partialFile)));
  }

  async reopen(head: BodyHead, partialFile: string): Promise<ReopenedBody | null> {
    const spool = await Spool.reopen(this.#spoolOptions(head, partialFile));
    if (spool === null) return null;
    return { body: new DirectoryBody(this, head, partialFile, spool), bytes: spool.bytes };
  }

  #spoolOptions({ expectedBytes }: BodyHead, partialFile: string): SpoolOptions {
    return { tempPath: `${this.#spec.partial}/${partialFile}`, expectedBytes, isForFile: true };
  }

  close(): void {
    this.#log.close();
  }

  /** Gives the body a free name and moves it there. */
  publish(head: BodyHead, spool: Spool, sha256: string): Stored {
    const part = Math.floor(head.index / this.#spec.filesPerDirectory);
    const inPart = this.#nameBody(head, sha256);
    const slash = inPart.lastIndexOf('/') + 1;
    const partDirectory = part === 0 ? '' : `part-${String(part).padStart(5, '0')}/`;
    const wished = partDirectory + inPart.slice(0, slash);
    // If a file stands where the directory should be, the directory's name becomes part of the file's name.
    const isWayFree = this.#make(wished);
    const directory = isWayFree ? wished : partDirectory;
    const wanted = isWayFree ? inPart.slice(slash) : safeName(inPart.replaceAll('/', '_'));
    if (!isWayFree && !this.#make(partDirectory)) refuseWay(`${this.#spec.root}/${partDirectory}`);
    if (this.#spec.setsTimes === true) spool.setTime(lastModifiedMs(head));
    const { index } = head;
    for (let attempt = 0; ; attempt++) {
      const isOwn = attempt > 0;
      const name = isOwn ? withSuffix(wanted, `~${index}${attempt === 1 ? '' : `-${attempt - 1}`}`) : wanted;
      const path = directory + name;
      const isTaken =
        (!isOwn && slash === 0 && PART_NAME.test(name)) || !this.#isFree({ index, path, part, isOwn });
      if (isTaken) continue;
      // Tells that the file is ours if the process dies between the move and the journal.
      this.#log.add({ index, path, bytes: spool.bytes, sha256 });
      // A file that others put there since the run began is kept: the next name is tried.
      if (!spool.publish(`${this.#spec.root}/${path}`)) continue;
      return {
        path,
        offsetBytes: 0,
        storedBytes: spool.bytes,
        isRenamed: name !== inPart.slice(slash) || directory !== wished,
      };
    }
  }

  /**
   * A name with the target's own index in it may be used even if the claims are full: no other target asks for it.
   */
  #isFree({ index, path, part, isOwn }: NameRequest): boolean {
    const verdict = this.#reserved.get(index) === path ? 'free' : this.#claims.claim(path, part);
    if (verdict === 'taken' || (verdict === 'full' && !isOwn)) return false;
    return !(this.#spec.holdsOthers && existsSync(`${this.#spec.root}/${path}`));
  }

  /** Makes a directory. Returns false where a file, or a link that may lead anywhere, is in the way. */
  #make(directory: string): boolean {
    if (this.#made.has(directory)) return true;
    const path = `${this.#spec.root}/${directory}`;
    let above = this.#spec.root;
    for (const name of directory.split('/').slice(0, -1)) {
      above += `/${name}`;
      if (strangeness(above, 'directory') !== null) return false;
    }
    guardWrite('make', path, () => makeDirectory(path));
    if (this.#made.size > 10_000) this.#made.clear();
    this.#made.add(directory).add('');
    return true;
  }
}

function refuseWay(path: string): never {
  throw new SpillwayError(
    'ERR_SINK',
    `could not make ${path}: expected a directory of this run or nothing, found something else: move it away, or choose another place with --to`,
  );
}

interface NameRequest {
  readonly index: number;
  readonly path: string;
  /** Number of the part that the directory belongs to. */
  readonly part: number;
  /** The name has the target's index in it. */
  readonly isOwn: boolean;
}

class DirectoryBody implements Body {
  readonly #sink: DirectorySink;
  readonly #head: BodyHead;
  readonly partialFile: string;
  readonly #spool: Spool;

  constructor(sink: DirectorySink, head: BodyHead, partialFile: string, spool: Spool) {
    this.#sink = sink;
    this.#head = head;
    this.partialFile = partialFile;
    this.#spool = spool;
  }

  write(chunk: Buffer): void {
    this.#spool.write(chunk);
  }

  commit(): Committed {
    const sha256 = this.#spool.digest();
    const stored = this.#sink.publish(this.#head, this.#spool, sha256);
    return { bytes: this.#spool.bytes, sha256, stored };
  }

  discard(): void {
    this.#spool.release();
  }

  suspend(): void {
    this.#spool.suspend();
  }
}

/**
 * The date of Last-Modified in the form that servers send (RFC 9110, 5.6.7); null for a missing or unreadable date.
 */
function lastModifiedMs({ headers }: BodyHead): number | null {
  const field = headers.find(([name]) => name === 'last-modified')?.[1].trim() ?? '';
  const ms = /^[a-z]{3}, \d{2} [a-z]{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/iu.test(field)
    ? Date.parse(field)
    : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}
