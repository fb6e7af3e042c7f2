// The cases of the public test tables of google/robotstxt and seomoz/reppy, in words of our own, and what the standard
// (RFC 9309) leaves to whoever reads. Not taken over: Google's `index.html` that stands for its directory and its cut of
// an Allow, both of which allow more; an agent sent as `Foo Bar`, which is `Foo` here; and reppy's lines without a colon
// and groups that an unknown key ends, both of which forbid less.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRobots } from '../../../../src/workers/fetch/robots/robots-rules.ts';

interface Case {
  readonly says: string;
  readonly text: string;
  readonly agent?: string;
  readonly allowed?: readonly string[];
  readonly disallowed?: readonly string[];
}

const judge = (text: string, agent: string, path: string) => {
  const url = new URL(path, 'http://h');
  return parseRobots(text, agent).judge(url.pathname + url.search);
};

const FISH = [
  '/fish',
  '/fish.html',
  '/fish/salmon.html',
  '/fishheads',
  '/fishheads/y.html',
  '/fish.html?id=x',
];
const THREE_GROUPS =
  'allow: /foo/bar/\n\nuser-agent: FooBot\ndisallow: /\nallow: /x/\nuser-agent: BarBot\ndisallow: /\nallow: /y/\n\n\nallow: /w/\nuser-agent: BazBot\n\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n';
const FICT =
  'User-agent: unhipbot\nDisallow: /\n\nUser-agent: webcrawler\nUser-agent: excite\nDisallow:\n\nUser-agent: *\nDisallow: /org/plans.html\nAllow: /org/\nAllow: /serv\nAllow: /~mak\nDisallow: /\n';
const FICT_PATHS = ['/', '/index.html', '/server.html', '/orgo.gif', '/org/about.html', '/%7Emak/mak.html'];
const only = (rules: string) => `user-agent: FooBot\n${rules}`;

const CASES: readonly Case[] = [
  { says: 'nothing', text: '', allowed: ['/', '/x/y'] },
  { says: 'unknown keys', text: 'foo: FooBot\nbar: /\n', allowed: ['/x/y'] },
  { says: 'colons that were forgotten', text: 'user-agent FooBot\ndisallow /\n', disallowed: ['/x/y'] },
  {
    says: 'groups, joined',
    text: THREE_GROUPS,
    allowed: ['/x/b', '/z/d'],
    disallowed: ['/y/c', '/foo/bar/'],
  },
  {
    says: 'another group',
    text: THREE_GROUPS,
    agent: 'BarBot',
    allowed: ['/y/c', '/w/a'],
    disallowed: ['/z/d', '/foo/bar/'],
  },
  {
    says: 'a group that shares the next one',
    text: THREE_GROUPS,
    agent: 'BazBot',
    allowed: ['/z/d'],
    disallowed: ['/foo/bar/'],
  },
  ...['USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n', 'uSeR-aGeNt: foobot\naLLoW: /x/\ndIsAlLoW: /\n'].map(
    (text) => ({
      says: 'keys and agents in any case',
      text,
      allowed: ['/x/y'],
      disallowed: ['/a/b'],
    }),
  ),
  {
    says: 'an agent up to its blank',
    text: 'User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n',
    agent: 'Foo',
    allowed: ['/x/y'],
    disallowed: ['/a'],
  },
  {
    says: 'all, and one',
    text: 'user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n',
    disallowed: ['/x'],
  },
  {
    says: 'all, for another',
    text: 'user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n',
    agent: 'BarBot',
    allowed: ['/x'],
  },
  {
    says: 'others alone',
    text: 'user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\n',
    agent: 'QuxBot',
    allowed: ['/x'],
  },
  { says: 'a star with a note', text: 'User-Agent: *  # all\nDisallow: /a\n', disallowed: ['/a'] },
  { says: 'paths by their case', text: only('disallow: /X/\n'), allowed: ['/x/y'], disallowed: ['/X/y'] },
  {
    says: 'the longest rule first',
    text: only('disallow: /x/page.html\nallow: /x/\n'),
    allowed: ['/x/a'],
    disallowed: ['/x/page.html'],
  },
  {
    says: 'the longest rule first, allowing',
    text: only('allow: /x/page.html\ndisallow: /x/\n'),
    allowed: ['/x/page.html'],
    disallowed: ['/x/'],
  },
  { says: 'rules that say nothing', text: only('disallow: \nallow: \n'), allowed: ['/x'] },
  { says: 'what allows, of two alike', text: only('disallow: /\nallow: /\n'), allowed: ['/x'] },
  { says: 'a slash', text: only('disallow: /x\nallow: /x/\n'), allowed: ['/x/'], disallowed: ['/x'] },
  {
    says: 'a longer wildcard',
    text: only('allow: /page\ndisallow: /*.html\n'),
    allowed: ['/page'],
    disallowed: ['/page.html'],
  },
  {
    says: 'a shorter wildcard',
    text: only('allow: /x/page.\ndisallow: /*.html\n'),
    allowed: ['/x/page.html'],
    disallowed: ['/x/y.html'],
  },
  {
    says: 'its own group alone',
    text: 'User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n',
    allowed: ['/x/page'],
    disallowed: ['/y/page'],
  },
  {
    says: 'a URL in a query',
    text: only('Disallow: /\nAllow: /foo?qux=taz&baz=http://foo.bar?tar&par\n'),
    allowed: ['/foo?qux=taz&baz=http://foo.bar?tar&par', '/foo?qux=taz&baz=http%3A%2F%2Ffoo.bar?tar&par'],
  },
  ...['ツ', '%E3%83%84', '%e3%83%84'].map((spelling) => ({
    says: `bytes beyond ASCII, written ${spelling}`,
    text: only(`Disallow: /\nAllow: /foo/${spelling}\n`),
    allowed: ['/foo/ツ', '/foo/%E3%83%84', '/foo/%e3%83%84'],
    disallowed: ['/foo/%E3%83%85'],
  })),
  {
    says: 'letters in percent-encoding',
    text: only('Disallow: /\nAllow: /foo/%62%61%7A\n'),
    allowed: ['/foo/baz', '/foo/%62%61%7a'],
  },
  {
    says: 'a wildcard inside',
    text: only('Disallow: /foo/bar/quz\nAllow: /foo/*/qux\n'),
    allowed: ['/foo/quz', '/foo//quz', '/foo/bax/quz'],
    disallowed: ['/foo/bar/quz'],
  },
  {
    says: 'an end',
    text: only('Disallow: /foo/bar$\nAllow: /foo/bar/qux\n'),
    allowed: ['/foo/bar/qux', '/foo/bar/', '/foo/bar/baz'],
    disallowed: ['/foo/bar'],
  },
  {
    says: 'notes',
    text: only('# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n'),
    allowed: ['/foo/bar'],
    disallowed: ['/foo/quz'],
  },
  ...['/fish', '/fish*'].map((path) => ({
    says: `a beginning, ${path}`,
    text: only(`disallow: /\nallow: ${path}\n`),
    allowed: FISH,
    disallowed: ['/bar', '/Fish.asp', '/catfish', '/?id=fish'],
  })),
  {
    says: 'a directory',
    text: only('disallow: /\nallow: /fish/\n'),
    allowed: ['/fish/', '/fish/salmon', '/fish/?salmon'],
    disallowed: ['/fish', '/fish.html', '/Fish/s.html'],
  },
  {
    says: 'an ending anywhere',
    text: only('disallow: /\nallow: /*.php\n'),
    allowed: ['/f.php', '/folder/f.php?p', '//folder/any.php.html', '/f.php/', '/index?f=f.php/'],
    disallowed: ['/php/', '/index?php', '/windows.PHP'],
  },
  {
    says: 'an ending at the end',
    text: only('disallow: /\nallow: /*.php$\n'),
    allowed: ['/f.php', '/folder/f.php'],
    disallowed: ['/f.php?p', '/f.php/', '/f.php5', '/php/', '/f?php', '/aaaphpaaa', '//windows.PHP'],
  },
  {
    says: 'two pieces',
    text: only('disallow: /\nallow: /fish*.php\n'),
    allowed: ['/fish.php', '/fishheads/catfish.php?p'],
    disallowed: ['/bar', '/Fish.PHP'],
  },
  {
    says: 'the root alone',
    text: only('allow: /$\ndisallow: /\n'),
    allowed: ['/'],
    disallowed: ['/page.html'],
  },
  ...['\n', '\r\n', '\r'].map((end) => ({
    says: `lines that end with ${JSON.stringify(end)}`,
    text: ['User-Agent: foobot', 'Allow: /some', 'User-Agent: bar', '', '', 'Disallow: /'].join(end),
    allowed: ['/x'],
  })),
  { says: 'a byte order mark', text: '\ufeffUser-Agent: foobot\nDisallow: /\n', disallowed: ['/x'] },
  {
    says: 'no agent before its rules',
    text: 'Disallow: /path\nAllow: /path/exception\n',
    allowed: ['/', '/path/exception'],
    disallowed: ['/path'],
  },
  {
    says: 'two agents of one group',
    text: 'User-agent: one\nUser-agent: foobot\nDisallow: /tmp\n',
    disallowed: ['/tmp'],
  },
  {
    says: 'two agents, and a delay between',
    text: 'User-agent: foobot\nCrawl-delay: 1\nUser-agent: two\nDisallow: /tmp\n',
    disallowed: ['/tmp'],
  },
  {
    says: 'a sitemap between',
    text: 'User-agent: foobot\nSitemap: http://h/s\nDisallow: /tmp\n',
    disallowed: ['/tmp'],
  },
  {
    says: 'its own file, always',
    text: only('Disallow: /robots.txt\nDisallow: /\n'),
    allowed: ['/robots.txt'],
    disallowed: ['/robots.txt?x', '/robots.txt/'],
  },
  ...['/a%3cd.html', '/a<d.html', '/a%3C*', '/a<*'].map((rule) => ({
    says: `what a URL encodes, as ${rule}`,
    text: only(`Disallow: ${rule}\n`),
    disallowed: ['/a<d.html', '/a%3cd.html', '/a%3Cd.html'],
  })),
  {
    says: 'parameters',
    text: only('Disallow: /path;params?query\nDisallow: /;\n'),
    allowed: ['/'],
    disallowed: ['/path;params?query', '/;', '/%3B'],
  },
  { says: 'a query alone', text: only('Disallow: /?\n'), allowed: ['/'], disallowed: ['/?a'] },
  { says: 'the first example of 1996', text: FICT, agent: 'unhipbot', disallowed: FICT_PATHS },
  { says: 'the first example, for webcrawler', text: FICT, agent: 'webcrawler', allowed: FICT_PATHS },
  { says: 'the first example, for excite', text: FICT, agent: 'excite', allowed: FICT_PATHS },
  {
    says: 'the first example, for others',
    text: FICT,
    agent: 'anything',
    allowed: ['/server.html', '/org/about.html', '/%7Emak/mak.html', '/robots.txt'],
    disallowed: ['/', '/index.html', '/orgo.gif', '/org/plans.html', '/%7Ejim/jim.html'],
  },
  // What a URL leaves as it is, and a rule may encode, or the other way round.
  ...['/*?filter[', '/*?filter%5B', '/*?filter%5b'].map((rule) => ({
    says: `brackets, as ${rule}`,
    text: only(`Disallow: ${rule}\n`),
    allowed: ['/shop?filters=red'],
    disallowed: ['/shop?filter[color]=red', '/shop?filter%5Bcolor%5D=red'],
  })),
  ...['/p|q', '/p%7Cq', '/p%7cq'].map((rule) => ({
    says: `a bar, as ${rule}`,
    text: only(`Disallow: ${rule}\n`),
    disallowed: ['/p|q', '/p%7Cq', '/p|q/r'],
  })),
  {
    says: 'an encoded slash that is none',
    text: only('Disallow: /a%2Fb\n'),
    allowed: ['/a/b'],
    disallowed: ['/a%2fb'],
  },
  {
    says: 'an encoded slash in a query',
    text: only('Disallow: /r?u=%2Fx\nDisallow: /s?u=/x\n'),
    disallowed: ['/r?u=/x', '/r?u=%2fx', '/s?u=%2Fx', '/s?u=/x'],
  },
  {
    says: 'stars and dollars that are meant',
    text: only('Disallow: /a%2Ab\nDisallow: /c%24\nDisallow: /d$e\n'),
    allowed: ['/axb'],
    disallowed: ['/a*b', '/c$x', '/d$e', '/d%24e'],
  },
  { says: 'a path without its slash', text: only('Disallow: admin\n'), disallowed: ['/admin'] },
  { says: 'a key with a slip', text: only('Disalow: /a\nDissallow: /b\n'), disallowed: ['/a', '/b'] },
  ...[
    'mybot (contact me@h)',
    'MyBot 1.0',
    'mybot/2',
    'MYBOT',
    'Mozilla/5.0 (compatible; MyBot/1.0; +http://h)',
  ].map((agent) => ({
    says: `the agent ${agent}`,
    text: 'User-agent: *\nDisallow:\n\nUser-agent: MyBot/3.1\nDisallow: /no\n\nUser-agent: my\nDisallow: /\n',
    agent,
    allowed: ['/yes'],
    disallowed: ['/no'],
  })),
];

for (const { says, text, agent = 'FooBot', allowed = [], disallowed = [] } of CASES)
  test(`a robots.txt is read as its site means it: ${says}`, () => {
    for (const path of allowed) assert.equal(judge(text, agent, path), 'allowed', path);
    for (const path of disallowed) assert.equal(judge(text, agent, path), 'disallowed', path);
  });

for (const [value, ms] of [
  ['5', 5_000],
  ['5s', 5_000],
  ['0.5', 500],
  ['0,5', 500],
  ['2 m', 120_000],
  ['250ms', 250],
  ['99999999', 3_600_000],
  ['word', 0],
  ['-1', 0],
] as const)
  test(`a crawl delay of ${value} is ${ms} ms`, () =>
    assert.equal(parseRobots(`User-agent: *\nCrawl-delay: ${value}\n`, 'x').crawlDelayMs, ms));

test('a rule disallows the path that it was made of, in whatever spelling either has', () => {
  const character = fc.constantFrom(
    'a',
    '/',
    '[',
    '|',
    ' ',
    'é',
    '"',
    '%5B',
    '%e9',
    '~',
    '%7E',
    '(',
    ';',
    '%',
    '&',
    '=',
  );
  const path = fc.array(character, { minLength: 1 }).map((parts) => `/${parts.join('')}`);
  fc.assert(
    fc.property(path, (text) => {
      const { pathname, search } = new URL(`http://h/${text.slice(1).replaceAll('?', '')}`);
      fc.pre(pathname.startsWith('/') && !/^\s|\s$/u.test(text));
      for (const rule of [text, pathname + search, encodeURI(pathname).replaceAll('%25', '%')])
        if (!text.includes('//') && new URL(text, 'http://h').pathname === pathname)
          assert.equal(judge(`user-agent: *\ndisallow: ${rule}\n`, 'x', text), 'disallowed', rule);
    }),
  );
});

test('half a megabyte of rules is read once, and a path is judged by it or refused, never for long', () => {
  const many = Array.from({ length: 35_000 }, (_, n) => `Disallow: /*${n}a`).join('\n');
  const agents = Array.from({ length: 30_000 }, (_, n) => `User-agent: b${n}`).join('\n');
  const wild = `Disallow: /${'*a'.repeat(8_000)}b\n`;
  const long = `/${'a'.repeat(60_000)}`;
  const before = process.cpuUsage().user;
  assert.equal(parseRobots(`User-agent: *\n${many}`, 'x').judge('/b'), 'allowed');
  assert.equal(parseRobots(`User-agent: *\n${many}`, 'x').judge(long), 'too-costly');
  assert.equal(parseRobots(`User-agent: *\n${wild.repeat(30)}`, 'x').judge(long), 'too-costly');
  assert.equal(parseRobots(`User-agent: *\n${wild}`, 'x').judge('/aaaaaaaaaa'), 'allowed');
  const shared = parseRobots(`${agents}\n${many.slice(0, 100_000)}\nUser-agent: x\nDisallow: /x\n`, 'x');
  assert.ok(shared.size < 1_000, 'what is meant for others is not kept');
  assert.ok(process.cpuUsage().user - before < 5e6, 'CPU time, of which such files took half a minute each');
});
