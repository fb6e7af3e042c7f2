import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Outcome, type SpillwayError, startRun } from '../../src/index.ts';
import type { BodyHead } from '../../src/sinks/sink.ts';
import { serve } from '../fetch/fetch-world.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const text = (value: Uint8Array) => new TextDecoder().decode(value);

/** Answers every path with itself, and counts. */
async function serveEcho(t: Parameters<typeof serve>[0]): Promise<{ origin: string; count: () => number }> {
  let count = 0;
  const origin = await serve(t, (request, response) => {
    count++;
    response.end(`body of ${request.url}`);
  });
  return { origin, count: () => count };
}

/** Waits until `read` gives the same number for a while: what is held back stays so. */
async function settled(read: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = read();
    if (now === last) return now;
    last = now;
    await delay(150);
  }
}

suite('startRun', () => {
  test('gives every outcome once with its body, and a report that adds up', async (t) => {
    const { origin } = await serveEcho(t);
    await using run = startRun({ source: `${origin}/{0..499}`, to: 'memory' });
    const bodies = new Map<number, string>();
    for await (const outcome of run.outcomes) {
      assert.equal(outcome.kind, 'ok');
      if (outcome.kind === 'ok') bodies.set(outcome.index, text(outcome.value));
    }
    assert.equal(bodies.size, 500);
    for (const [index, body] of bodies) assert.equal(body, `body of /${index}`);
    const report = await run.report;
    assert.deepEqual([report.ended, report.targets, report.ok, report.abortReason], ['done', 500, 500, null]);
  });

  test('in order, outcomes come as the source gave them, whatever is slow', async (t) => {
    const origin = await serve(t, (request, response) => {
      const number = Number(request.url?.slice(1));
      setTimeout(() => response.end(String(number)), number % 10 === 0 ? 60 : 0);
    });
    await using run = startRun({
      source: `${origin}/{0..299}`,
      to: 'memory',
      order: 'in-order',
      maxUnread: 50,
    });
    const indexes: number[] = [];
    for await (const outcome of run.outcomes) indexes.push(outcome.index);
    assert.deepEqual(
      indexes,
      Array.from({ length: 300 }, (_, index) => index),
    );
  });

  test('in order, with a window of one, still ends', async (t) => {
    const { origin } = await serveEcho(t);
    await using run = startRun({
      source: `${origin}/{0..19}`,
      to: 'discard',
      order: 'in-order',
      maxUnread: 1,
    });
    let count = 0;
    for await (const outcome of run.outcomes) assert.equal(outcome.index, count++);
    assert.equal(count, 20);
  });

  test('in order, with lines that are no URL and duplicates among them, in a window smaller than they are', async (t) => {
    const { origin } = await serveEcho(t);
    const source = Array.from({ length: 900 }, (_, number) =>
      number % 3 === 0 ? `${origin}/${number}` : number % 3 === 1 ? 'nonsense' : `${origin}/0`,
    );
    await using run = startRun({ source, to: 'discard', dedupe: true, order: 'in-order', maxUnread: 7 });
    const kinds: string[] = [];
    for await (const { index, kind } of run.outcomes) {
      assert.equal(index, kinds.length);
      kinds.push(kind);
    }
    assert.equal(kinds.length, 900);
    assert.deepEqual(kinds.slice(0, 3), ['ok', 'failed', 'skipped']);
  });

  test('a run that goes on gives what is left, in order, though what is behind it leaves gaps', async (t) => {
    const { origin } = await serveEcho(t);
    const options = {
      source: `${origin}/{0..399}`,
      to: join(scratchDirectory(t), 'out'),
      order: 'in-order',
      maxUnread: 16,
      maxInFlight: 8,
    } as const;
    const given: number[] = [];
    {
      await using first = startRun({ ...options, order: 'as-completed' });
      for await (const { index } of first.outcomes) if (given.push(index) === 100) break;
      first.drain();
      assert.equal((await first.report).ended, 'stopped');
    }
    const rest: number[] = [];
    await using second = startRun(options);
    for await (const { index, kind } of second.outcomes) {
      assert.equal(kind, 'ok');
      rest.push(index);
    }
    assert.deepEqual(
      rest,
      rest.toSorted((a, b) => a - b),
    );
    assert.ok(rest.length > 0 && rest.length <= 300, `the second gave ${rest.length}`);
    const report = await second.report;
    assert.deepEqual([report.ended, report.ok], ['done', 400]);
  });

  test('a reader that stands still holds up the run: the server sees no more than maxUnread', async (t) => {
    const { origin, count } = await serveEcho(t);
    let taken = 0;
    const source = (function* () {
      for (; taken < 5000; taken++) yield `${origin}/${taken}`;
    })();
    await using run = startRun({ source, to: 'memory', maxUnread: 40, maxInFlight: 8 });
    const reader = run.outcomes[Symbol.asyncIterator]();
    await reader.next();
    const seen = await settled(count);
    assert.ok(seen >= 40 && seen <= 41, `the server saw ${seen}`);
    assert.ok(taken <= 600, `the source was asked for ${taken}`);
    assert.equal(run.snapshot().boundBy, 'whoever reads the outcomes');
    for (let read = 1; read < 5000; read++) assert.equal((await reader.next()).done, false);
    assert.equal((await reader.next()).done, true);
    assert.equal((await run.report).ok, 5000);
  });

  test('lines that are no URL hold up a source, too, when nobody reads on', async (t) => {
    let taken = 0;
    const source = (function* () {
      for (; taken < 50_000; taken++) yield 'no url';
    })();
    await using run = startRun({ source, to: 'discard', maxUnread: 100 });
    const reader = run.outcomes[Symbol.asyncIterator]();
    const { value } = await reader.next();
    assert.equal((value as Outcome).kind, 'failed');
    assert.ok((await settled(() => taken)) <= 2000, `the source was asked for ${taken}`);
    t.diagnostic(`taken ${taken}`);
    run.abort();
    assert.equal((await run.report).ended, 'stopped');
  });

  test('a report alone is enough: outcomes that nobody reads hold up nothing', async (t) => {
    const { origin } = await serveEcho(t);
    await using run = startRun({ source: `${origin}/{0..999}`, to: 'discard', maxUnread: 10 });
    assert.equal((await run.report).ok, 1000);
    assert.throws(() => run.outcomes[Symbol.asyncIterator](), { code: 'ERR_OPTION', message: /one reader/ });
  });

  test('report and outcomes may be asked for in either order, in one turn', async (t) => {
    const { origin } = await serveEcho(t);
    await using run = startRun({ source: `${origin}/{0..99}`, to: 'discard', maxUnread: 10 });
    const { report } = run;
    let count = 0;
    for await (const _ of run.outcomes) count++;
    assert.equal(count, 100);
    assert.equal((await report).ok, 100);
  });

  test('breaking off the loop lets the run go on; leaving its block ends it', async (t) => {
    const { origin, count } = await serveEcho(t);
    {
      await using run = startRun({ source: `${origin}/{0..299}`, to: 'discard', maxUnread: 10 });
      for await (const _ of run.outcomes) break;
      assert.equal((await run.report).ok, 300);
    }
    const before = count();
    let report;
    {
      await using run = startRun({ source: `${origin}/{0..99999}`, to: 'discard' });
      for await (const _ of run.outcomes) break;
      report = run.report;
    }
    assert.equal((await report).ended, 'stopped');
    assert.match((await report).abortReason ?? '', /block/);
    assert.ok(count() - before < 99_999);
  });

  test('an AbortSignal cuts what is in flight and ends the loop', async (t) => {
    const origin = await serve(t, () => {});
    const stop = new AbortController();
    await using run = startRun({ source: `${origin}/{0..9}`, to: 'discard', signal: stop.signal });
    const kinds: string[] = [];
    const reading = (async () => {
      for await (const outcome of run.outcomes) kinds.push(outcome.kind);
    })();
    for await (const { inFlight } of run.snapshots) if (inFlight > 0) break;
    stop.abort(new Error('enough'));
    await reading;
    const report = await run.report;
    assert.deepEqual([report.ended, report.abortReason, report.skipped], ['stopped', 'enough', 10]);
    assert.deepEqual(new Set(kinds), new Set(['skipped']));
  });

  test('a signal that was aborted before the start sends nothing', async (t) => {
    const { origin, count } = await serveEcho(t);
    await using run = startRun({ source: `${origin}/{0..99}`, to: 'discard', signal: AbortSignal.abort() });
    assert.equal((await run.report).ended, 'stopped');
    assert.equal(count(), 0);
  });

  test('drain settles what is in flight and takes no more', async (t) => {
    const waiting: (() => void)[] = [];
    const origin = await serve(t, (_request, response) => waiting.push(() => response.end('late')));
    await using run = startRun({ source: `${origin}/{0..99}`, to: 'discard', maxInFlight: 4 });
    const reader = run.outcomes[Symbol.asyncIterator]();
    for await (const { inFlight } of run.snapshots) if (inFlight === 4) break;
    run.drain();
    for (const answer of waiting) answer();
    for (;;) if ((await reader.next()).done === true) break;
    const report = await run.report;
    assert.deepEqual([report.ended, report.ok, report.ok + report.skipped], ['stopped', 4, report.targets]);
  });

  test('a sink that breaks ends the loop with an error and the report without one', async (t) => {
    const { origin } = await serveEcho(t);
    const module = join(scratchDirectory(t), 'sink.mjs');
    writeFileSync(module, 'export default () => ({ begin: () => { throw new Error("no room"); } });');
    await using run = startRun({ source: `${origin}/{0..9}`, to: { module } });
    await assert.rejects(
      async () => {
        for await (const _ of run.outcomes);
      },
      { code: 'ERR_RUN_BROKEN', message: /begin of the sink .* threw: no room/ },
    );
    assert.equal((await run.report).ended, 'broken');
  });

  test('a source of ones own may be slow: each URL is fetched as it comes', async (t) => {
    const { origin } = await serveEcho(t);
    const seen = Promise.withResolvers<void>();
    const source = (async function* () {
      yield new URL('/first', origin);
      await seen.promise;
      yield `${origin}/second`;
    })();
    await using run = startRun({ source, to: 'memory' });
    const bodies: string[] = [];
    for await (const outcome of run.outcomes) {
      if (outcome.kind === 'ok') bodies.push(text(outcome.value));
      seen.resolve();
    }
    assert.deepEqual(bodies, ['body of /first', 'body of /second']);
  });

  test('a source that throws breaks the run, and says at which item', async (t) => {
    const { origin } = await serveEcho(t);
    const source = (async function* () {
      yield `${origin}/1`;
      await Promise.resolve();
      throw new Error('the list is gone');
    })();
    await using run = startRun({ source, to: 'discard' });
    const report = await run.report;
    assert.equal(report.ended, 'broken');
    assert.match(report.problem ?? '', /after item 1, it threw: the list is gone/);
    assert.equal(report.ok, 1);
  });

  test('a source that waits is let go when the run is aborted', async (t) => {
    const { origin } = await serveEcho(t);
    const left = Promise.withResolvers<void>();
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => {
        let count = 0;
        return {
          next: () =>
            count++ === 0
              ? Promise.resolve({ done: false, value: `${origin}/1` })
              : new Promise<never>(() => {}),
          return: () => {
            left.resolve();
            return Promise.resolve({ done: true, value: undefined });
          },
        };
      },
    };
    await using run = startRun({ source, to: 'discard' });
    for await (const _ of run.outcomes) break;
    run.abort('enough');
    assert.equal((await run.report).ok, 1);
    await left.promise;
  });

  test('a sink of ones own works in the workers, and its values come with the outcomes', async (t) => {
    const { origin } = await serveEcho(t);
    const directory = scratchDirectory(t);
    const module = join(directory, 'length-sink.mjs');
    writeFileSync(
      module,
      `import { isMainThread } from 'node:worker_threads';
       export default ({ factor }, workerIndex) => ({
         begin: (head) => {
           let length = 0;
           return {
             write: (chunk) => { length += chunk.length; },
             commit: () => ({ url: head.url, length: length * factor, isMainThread, workerIndex, head: { ...head } }),
           };
         },
       });`,
    );
    interface Value {
      readonly url: string;
      readonly length: number;
      readonly isMainThread: boolean;
      readonly head: BodyHead;
    }
    await using run = startRun<Value>({
      source: `${origin}/{0..49}`,
      to: { module, options: { factor: 10 } },
    });
    let count = 0;
    for await (const outcome of run.outcomes) {
      assert.ok(outcome.kind === 'ok');
      assert.deepEqual(
        [outcome.value.length, outcome.value.isMainThread],
        [`body of /${outcome.index}`.length * 10, false],
      );
      assert.equal(outcome.value.url, outcome.url);
      const { headers, status } = outcome.value.head;
      assert.equal(status, 200);
      assert.ok(
        headers.some(([name]) => name === 'date'),
        'a copy of the head has its fields',
      );
      count++;
    }
    assert.equal(count, 50);
  });

  test('a sink whose value cannot cross to the reader breaks the run by name', async (t) => {
    const { origin } = await serveEcho(t);
    const module = join(scratchDirectory(t), 'sink.mjs');
    writeFileSync(
      module,
      'export default () => ({ begin: () => ({ write() {}, commit: () => () => {} }) });',
    );
    await using run = startRun({ source: `${origin}/1`, to: { module } });
    assert.match((await run.report).problem ?? '', /commit of the sink .*sink\.mjs threw/);
  });

  test('to a directory: the record lies beside the bodies, and outcomes say where each is', async (t) => {
    const { origin } = await serveEcho(t);
    const to = join(scratchDirectory(t), 'out');
    await using run = startRun({ source: [`${origin}/a`, `${origin}/b`], to });
    for await (const outcome of run.outcomes) {
      assert.ok(outcome.kind === 'ok');
      assert.match(readFileSync(join(to, outcome.stored.path), 'utf8'), /^body of \/[ab]$/);
    }
    assert.equal((await run.report).ok, 2);
    assert.ok(existsSync(join(to, '.spillway', 'report.json')));
  });

  test('to memory: nothing is written anywhere', async (t) => {
    const { origin } = await serveEcho(t);
    const before = readdirSync('.');
    await using run = startRun({ source: [`${origin}/a`], to: 'memory' });
    await run.report;
    assert.deepEqual(readdirSync('.'), before);
  });

  test('a list in a file, and one behind a paginated API', async (t) => {
    const origin = await serve(t, (request, response) => {
      const url = new URL(request.url ?? '', 'http://localhost');
      const start = Number(url.searchParams.get('start'));
      if (url.pathname !== '/list') response.end('body');
      else response.end(JSON.stringify({ items: start < 4 ? [`/${start}`, `/${start + 1}`] : [] }));
    });
    const file = join(scratchDirectory(t), 'urls.txt');
    writeFileSync(file, `${origin}/1\n${origin}/2\n`);
    await using fromFile = startRun({ source: { file }, to: 'discard' });
    assert.equal((await fromFile.report).ok, 2);
    await using fromApi = startRun({
      source: { listApi: { url: `${origin}/list`, itemsPath: 'items' } },
      to: 'discard',
    });
    assert.equal((await fromApi.report).ok, 4);
  });

  test('everything that is wrong is said at once, before anything is started', () => {
    assert.throws(
      () =>
        startRun({
          source: 42 as unknown as string,
          to: '',
          maxInFlight: 0,
          order: 'sorted' as 'in-order',
          headers: { 'bad name': 'secret' },
          maxinflight: 3,
        } as never),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_OPTION');
        for (const part of [/^source: /m, /^to: /m, /^maxInFlight: .*found 0$/m, /^order: /m, /^headers: /m])
          assert.match(error.message, part);
        assert.match(error.message, /^maxinflight: expected an option of startRun \(maxInFlight\)/m);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  });

  test('a program ends by itself once its run is over', async (t) => {
    const { origin } = await serveEcho(t);
    const { Worker } = await import('node:worker_threads');
    const index = new URL('../../src/index.ts', import.meta.url).href;
    const code = `import(${JSON.stringify(index)}).then(async ({ startRun }) => {
      const run = startRun({ source: ${JSON.stringify(`${origin}/{0..9}`)}, to: 'discard' });
      for await (const _ of run.outcomes);
    });`;
    const [exitCode] = await once(new Worker(code, { eval: true }), 'exit');
    assert.equal(exitCode, 0);
  });
});

test('a source that throws is the cause of the error that breaks the run', async () => {
  const thrown = new TypeError('out of URLs');
  async function* source() {
    yield 'http://127.0.0.1:1/';
    throw thrown;
  }
  const run = startRun({ source: source(), to: 'discard', maxRetries: 0, cores: 1 });
  const read = async () => {
    for await (const outcome of run.outcomes) assert.equal(outcome.kind, 'failed');
  };
  await assert.rejects(read, (error: SpillwayError) => {
    assert.equal(error.code, 'ERR_RUN_BROKEN');
    assert.match(error.message, /after item 1, it threw: out of URLs/u);
    assert.equal((error.cause as SpillwayError).code, 'ERR_SOURCE');
    assert.equal((error.cause as SpillwayError).cause, thrown);
    return true;
  });
});
