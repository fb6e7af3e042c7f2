import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BenchOptions,
  compareStrategies,
  type RunOptions,
  startBench,
  startRun,
} from '../../src/index.ts';

test('an origin that is none is refused in a whole sentence, with what was found but for its secrets', () => {
  const refuse = (origin: string, found: string) =>
    assert.throws(() => startBench({ origin }), {
      name: 'SpillwayError',
      code: 'ERR_OPTION',
      message: `origin: expected a URL such as http://127.0.0.1:8000, without path, query or login, found '${found}'`,
    });
  refuse('nope', 'nope');
  refuse('http://127.0.0.1:8000/list', 'http://127.0.0.1:8000/list');
  refuse('http://me:secret@127.0.0.1:8000', 'http://…@127.0.0.1:8000');
  refuse('me:secret@127.0.0.1', '…@127.0.0.1');
  refuse('http://127.0.0.1:8000/?token=secret', 'http://127.0.0.1:8000/?…');
});

test('so is a proxy', () => {
  const options = { source: 'http://127.0.0.1/', to: 'discard' } as const;
  assert.throws(() => startRun({ ...options, proxyUrl: 'socks5://me:secret@127.0.0.1:1080' }), {
    code: 'ERR_OPTION',
    message: "proxyUrl: expected a URL such as http://127.0.0.1:3128, found 'socks5://…@127.0.0.1:1080'",
  });
});

test('what is no object of options is refused by every call', async () => {
  const refusal = (call: string, found: string) => ({
    name: 'SpillwayError',
    code: 'ERR_OPTION',
    message: `${call}: expected an object of options, found ${found}`,
  });
  const none: unknown = null;
  assert.throws(() => startBench(none as BenchOptions), refusal('startBench', 'null'));
  assert.throws(() => startRun(undefined as unknown as RunOptions), refusal('startRun', 'undefined'));
  await assert.rejects(compareStrategies(none as BenchOptions), refusal('compareStrategies', 'null'));
});
