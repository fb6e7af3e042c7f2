import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { strategyList } from '../../../src/cli/bench/strategy-specs.ts';
import { maxThreadCount } from '../../../src/limits/cores.ts';
import { readLimits } from '../../../src/limits/read.ts';

const parse = strategyList();

function namesOf(text: string): string[] {
  const parsed = parse(text);
  assert.ok('value' in parsed, 'expected' in parsed ? parsed.expected : '');
  return parsed.value.map(({ name }) => name);
}

suite('--strategy', () => {
  test('takes all, or names in the order they are given', () => {
    assert.deepEqual(namesOf('all'), [
      'sequential',
      'threaded',
      'async',
      'optimized',
      'multicore',
      'pipelined',
      'h2c',
    ]);
    assert.deepEqual(namesOf('multicore, async'), ['multicore', 'async']);
  });

  test('commas inside a strategy of one’s own belong to it', () => {
    const parsed = parse('async,mine:family=pipelined,connections=50,max-in-flight=1k,multicore');
    assert.ok('value' in parsed);
    assert.deepEqual(
      parsed.value.map(({ name }) => name),
      ['async', 'mine', 'multicore'],
    );
    assert.deepEqual(parsed.value[1]?.ask(10, readLimits()).numbers, {
      family: 'pipelined',
      connections: 50,
      maxInFlight: 1000,
    });
    assert.equal(parsed.value[1]?.spec, 'mine:family=pipelined,connections=50,max-in-flight=1k');
  });

  test('threads with a slice and a session each, as many as are counted and the guard allows', () => {
    const parsed = parse('threads:count=1000,async');
    assert.ok('value' in parsed);
    const [threads] = parsed.value;
    assert.equal(threads?.name, 'threads');
    const limits = readLimits();
    const most = maxThreadCount(limits);
    const guarded = threads.ask(10_000, limits);
    assert.deepEqual(guarded.numbers, {
      family: 'one-per-connection',
      lanes: 1,
      cores: most,
      connections: most,
      maxInFlight: most,
    });
    assert.match(guarded.guard ?? '', new RegExp(`^${most} threads of 1000: `, 'u'));
    const few = parse('threads:count=2');
    assert.ok('value' in few);
    assert.deepEqual(few.value[0]?.ask(10_000, limits), {
      numbers: { family: 'one-per-connection', lanes: 1, cores: 2, connections: 2, maxInFlight: 2 },
      guard: null,
    });
  });

  for (const [text, complaint] of [
    ['threads:count=0', /^threads:count=N with N threads, 1 or more, found "count=0"$/],
    ['threads:cores=3', /^threads:count=N with N threads, 1 or more, found "cores=3"$/],
    ['threads', /^all, sequential/],
    ['fast', /^all, sequential, threaded.*=50, found "fast"$/],
    ['async,fast', /^all, sequential.*, found "fast"$/],
    ['mine:speed=9', /mine: option=value with one of .*connections.*, found "speed=9"$/],
    ['mine:cores=many', /mine: cores to be auto or a whole number .*, found "many"$/],
    ['mine:cores', /, found "cores"$/],
    ['async:cores=1', /^a name of your own[^"]*, found "async:cores=1"$/],
    ['async,async', /each name once/],
    ['1x:cores=1', /^a name of letters[^"]*, found "1x:cores=1"$/],
    ['', /all, sequential/],
  ] as const) {
    test(`says what it expected instead of ${JSON.stringify(text)}`, () => {
      const parsed = parse(text);
      assert.ok('expected' in parsed);
      assert.match(`${parsed.expected}, found ${JSON.stringify(parsed.piece ?? text)}`, complaint);
    });
  }
});
