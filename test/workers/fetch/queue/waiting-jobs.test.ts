import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeFetchShared } from '../../../../src/model/fetch-task.ts';
import { FetchJob } from '../../../../src/workers/fetch/attempt/fetch-job.ts';
import { OriginRows } from '../../../../src/workers/fetch/origin/origin-rows.ts';
import { WaitingJobs } from '../../../../src/workers/fetch/queue/waiting-jobs.ts';

const originRows = new OriginRows(makeFetchShared(100, 0));
const jobAt = (index: number) =>
  new FetchJob({ index, url: `http://h/${index}`, line: index + 1 }, originRows);

test('jobs leave in the order in which they came, however many wait', () => {
  const waiting = new WaitingJobs();
  let next = 0;
  for (let index = 0; index < 5000; index++) {
    waiting.addFresh(jobAt(index));
    if (index % 3 === 0) assert.equal(waiting.takeReady(0)?.target.index, next++);
  }
  assert.equal(waiting.freshCount, 5000 - next);
  for (; next < 4000; next++) assert.equal(waiting.takeReady(0)?.target.index, next);
  assert.deepEqual(
    waiting.takeAll().map(({ target }) => target.index),
    Array.from({ length: 1000 }, (_, at) => 4000 + at),
  );
  assert.equal(waiting.takeReady(0), undefined);
});

test('a job that has left is let go of, though the row never empties', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const waiting = new WaitingJobs();
  for (let index = 0; index < 1000; index++) waiting.addFresh(jobAt(index));
  const left: WeakRef<FetchJob>[] = [];
  for (let index = 1000; index < 20_000; index++) {
    waiting.addFresh(jobAt(index));
    left.push(new WeakRef(waiting.takeReady(0) as FetchJob));
  }
  return new Promise<void>((resolve, reject) => {
    // A WeakRef holds until the turn that made it is over.
    setImmediate(() => {
      gc();
      const held = left.filter((reference) => reference.deref() !== undefined).length;
      if (held < 5000) resolve();
      else
        reject(new assert.AssertionError({ message: `${held} of ${left.length} jobs that left are held` }));
    });
  });
});

test('what is let go of came last and was never begun, of each origin in turn', () => {
  const waiting = new WaitingJobs();
  const jobs = ['http://a/0', 'http://a/1', 'http://b/2', 'http://b/3', 'http://c/4', 'http://c/5'].map(
    (url, index) => new FetchJob({ index, url, line: index + 1 }, originRows),
  );
  const [, , , , begun, fresh] = jobs as [FetchJob, FetchJob, FetchJob, FetchJob, FetchJob, FetchJob];
  begun.begin();
  for (const job of jobs.slice(0, 5)) waiting.originQueues.park(job);
  waiting.addFresh(fresh);
  const indexesOf = (taken: FetchJob[]) => taken.map(({ target }) => target.index);
  assert.deepEqual(indexesOf(waiting.takeUntouched(3)), [5, 1, 3]);
  assert.equal(waiting.count, 3);
  assert.deepEqual(indexesOf(waiting.takeUntouched(10)), [0, 2]);
  assert.deepEqual(indexesOf(waiting.takeAll()), [4]);
});
