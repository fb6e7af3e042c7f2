import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { recallCommand, storeCommand } from '../../../src/cli/fetch/stored-command.ts';

const SECRET = 'hush-hush';

test('what may hold a credential is named and not kept; paths are absolute; what is of one invocation is left out', () => {
  const stored = storeCommand(['list.txt', '-', 'http://h/{0..9}'], {
    header: `Authorization: ${SECRET}\nAccept: text/html`,
    headerFile: `${SECRET}.txt`,
    netrc: `/home/${SECRET}`,
    proxy: `http://user:${SECRET}@proxy:8080`,
    listApi: `https://user:${SECRET}@h/list`,
    listParam: `size=5\napi_key=${SECRET}`,
    ca: 'ca.pem',
    retries: '5',
    robots: true,
    to: 'out',
    json: true,
    quiet: false,
  });
  assert.deepEqual(stored, {
    sources: [resolve('list.txt'), '-', 'http://h/{0..9}'],
    given: { ca: resolve('ca.pem'), retries: '5', robots: 'true' },
    withheld: ['--header', '--header-file', '--netrc', '--proxy', '--list-api', '--list-param'],
  });
  for (const source of [`http://u:${SECRET}@h/`, `http://u:${SECRET}@h:{1..2}/`])
    assert.deepEqual(storeCommand([source], {}), { sources: [], given: {}, withheld: ['source'] });
  assert.deepEqual(storeCommand(['a:b@c'], {}).sources, [resolve('a:b@c')]);
});

test('what holds none is kept', () => {
  const given = { proxy: 'http://proxy:8080', listApi: 'https://h/list', listParam: 'size=5\nsort=name' };
  assert.deepEqual(storeCommand([], given), { sources: [], given, withheld: [] });
});

test('what is typed goes before what is kept, and everything that is missing is named at once', () => {
  const command = { sources: ['-'], given: { retries: '5', cores: '1' }, withheld: ['--header', '--netrc'] };
  assert.throws(() => recallCommand('out', command, { netrc: 'a' }), {
    code: 'ERR_OPTION',
    message: /^--header: .* give it again$/u,
  });
  assert.throws(() => recallCommand('out', command, {}), { message: /--header: .*\n--netrc: /u });
  assert.deepEqual(recallCommand('out', command, { header: 'a: b', netrc: 'c', retries: '0' }), {
    sources: ['-'],
    given: { retries: '0', cores: '1', header: 'a: b', netrc: 'c' },
  });
  assert.throws(() => recallCommand('out', { ...command, withheld: ['source'] }, {}), {
    message: /type the whole command/u,
  });
  assert.throws(() => recallCommand('out', null, {}), { code: 'ERR_OPTION' });
});
