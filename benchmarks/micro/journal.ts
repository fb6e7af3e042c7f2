// The cost of a run's record: one outcome in the journal, by the size of its transaction; the same as a line of
// JSON, which could not do more than record it; and one target in a run that is continued.

import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OkOutcome } from '../../src/model/outcome.ts';
import { Journal } from '../../src/runner/fetch/record/journal.ts';
import { JournalReader } from '../../src/runner/fetch/record/journal-reader.ts';
import { JournalWalk } from '../../src/runner/fetch/record/settled-before.ts';
import type { MicroSuite, MicroTask } from './suite.ts';

const ROWS = 1024;
const GROUPS = [256, 64, 8, 1];
const SETTLED = 100_000;
const SHA256 = '5e'.repeat(32);

export const journal: MicroSuite = {
  name: 'journal',
  operation: 'an outcome recorded, or found again',
  open: async () => {
    const root = mkdtempSync(join(tmpdir(), 'spillway-micro-'));
    const undo = new DisposableStack();
    undo.defer(() => rmSync(root, { recursive: true, force: true }));
    return {
      tasks: [...writing(root, undo), asLines(root, undo), goingOn(root, undo)],
      [Symbol.asyncDispose]: async () => undo.dispose(),
    };
  },
};

function openAt(directory: string): Journal {
  return new Journal({
    directory,
    identity: {},
    command: null,
    sink: 'directory',
    kind: 'fetch',
    version: '',
  });
}

function writing(root: string, undo: DisposableStack): MicroTask[] {
  return GROUPS.map((size) => {
    const opened = undo.use(openAt(join(root, String(size))));
    let index = 0;
    return {
      name: `journal, ${size} a transaction`,
      operations: ROWS,
      run: () => {
        for (let count = 0; count < ROWS; count += size)
          opened.add(Array.from({ length: size }, () => outcomeAt(index++)));
      },
    };
  });
}

function asLines(root: string, undo: DisposableStack): MicroTask {
  const fd = openSync(join(root, 'outcomes.ndjson'), 'w');
  undo.defer(() => closeSync(fd));
  let index = 0;
  return {
    name: 'lines of JSON, 64 a write',
    operations: ROWS,
    run: () => {
      for (let count = 0; count < ROWS; count += 64)
        writeSync(fd, Array.from({ length: 64 }, () => `${JSON.stringify(outcomeAt(index++))}\n`).join(''));
    },
  };
}

function goingOn(root: string, undo: DisposableStack): MicroTask {
  const directory = join(root, 'settled');
  {
    using settled = openAt(directory);
    for (let start = 0; start < SETTLED; start += 256)
      settled.add(Array.from({ length: Math.min(256, SETTLED - start) }, (_, at) => outcomeAt(start + at)));
  }
  const reader = undo.use(new JournalReader(directory));
  return {
    name: 'merged with the list',
    operations: SETTLED,
    run: () => {
      const walk = new JournalWalk(reader, SETTLED);
      for (let index = 0; index < SETTLED; index++)
        if (walk.at(index) === null) throw new Error(`expected target ${index} to be settled`);
    },
  };
}

function outcomeAt(index: number): OkOutcome {
  return {
    kind: 'ok',
    index,
    line: index + 1,
    url: `http://127.0.0.1:8000/files/of/a/list/number-${index}.bin`,
    status: 200,
    bytes: 1000,
    sha256: SHA256,
    wireBytes: 1000,
    attempts: 1,
    durationMs: 12.345,
    stored: { path: `number-${index}.bin`, offsetBytes: 0, storedBytes: 1000, isRenamed: false },
  };
}
