import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResolvConf, searchNames } from '../../src/dns/resolv-conf.ts';
import { judgeNames } from '../../src/limits/names.ts';

test('a machine with a cache of its own and a second server needs nothing', () => {
  const facts = judgeNames(
    parseResolvConf('nameserver 127.0.0.53\nnameserver 9.9.9.9\nsearch corp.example\n'),
  );
  assert.deepEqual([facts.hasLocalCache, facts.advice], [true, []]);
});

test('one far server and costly ndots are told with what to do', () => {
  const { advice } = judgeNames(
    parseResolvConf('search a.example b.example\noptions ndots:5 timeout:1\nnameserver 10.0.0.10'),
  );
  assert.equal(advice.length, 3);
  assert.match(advice[0] ?? '', /cache here.*--dns-servers/u);
  assert.match(advice[1] ?? '', /one name server alone/u);
  assert.match(advice[2] ?? '', /ndots:5 with 2 search domains.*up to 3 questions/u);
});

test('resolv.conf is read as glibc reads it, and nothing in it is beyond its bounds', () => {
  const conf = parseResolvConf(
    '; old\nnameserver 1.1.1.1 # first\nnameserver nonsense\nnameserver fe80::1%eth0\ndomain x.example\nsearch Y.example. z.example\noptions ndots:99 timeout:0 attempts:77 rotate\n',
  );
  assert.deepEqual(conf, {
    servers: ['1.1.1.1', 'fe80::1%eth0'],
    search: ['y.example', 'z.example'],
    ndots: 15,
    timeoutMs: 1000,
    attempts: 5,
  });
  assert.deepEqual(searchNames('www.example.com.', conf), ['www.example.com']);
});
