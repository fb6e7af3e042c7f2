import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdDecompressSync } from 'node:zlib';
import { WARCParser } from 'warcio';
import { scratchDirectory } from '../helpers/scratch.ts';
import { fetchUrls, serve } from './fetch-world.ts';

const COUNT = 60;
const bodyOf = (n: number) => `body ${n} `.repeat(n * 50);

/** `sha256:` and RFC 4648 base32, as hexadecimal. */
function fromBase32(digest: string): string {
  const values = Array.from(digest.slice('sha256:'.length).replaceAll('=', ''), (letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const bytes = values.join('').match(/.{8}/gu) ?? [];
  return Buffer.from(bytes.map((bits) => Number.parseInt(bits, 2))).toString('hex');
}

async function serveBodies(t: Parameters<typeof serve>[0]): Promise<string[]> {
  const origin = await serve(t, (request, response) => {
    const number = Number(request.url?.slice(1));
    if (number % 2 === 0) response.end(bodyOf(number));
    else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(bodyOf(number)));
  });
  return Array.from({ length: COUNT }, (_, n) => `${origin}/${n}`);
}

function segmentsOf(file: string): string[] {
  const directory = dirname(file);
  return readdirSync(directory)
    .filter((name) => !name.endsWith('.run'))
    .map((name) => join(directory, name));
}

test('a WARC is read back by warcio: every record once, digests right, bodies as served', async (t) => {
  const urls = await serveBodies(t);
  const to = join(scratchDirectory(t), 'out.warc.gz');
  const { report } = await fetchUrls(t, urls, { to, segmentBytes: 3_000 });
  assert.equal(report.ok, COUNT);
  const seen: string[] = [];
  let infos = 0;
  const segments = segmentsOf(to);
  assert.ok(segments.length > 2, 'the segments rolled');
  for (const file of segments) {
    const parser = new WARCParser(createReadStream(file), { keepHeadersCase: false, parseHttp: true });
    for await (const record of parser) {
      assert.equal(record.warcHeaders.protocol, 'WARC/1.1');
      if (record.warcType === 'warcinfo') {
        infos++;
        continue;
      }
      assert.equal(record.warcType, 'response');
      const url = record.warcTargetURI ?? '';
      seen.push(url);
      const body = Buffer.from(await record.readFully(true));
      assert.equal(body.toString(), bodyOf(Number(new URL(url).pathname.slice(1))));
      assert.equal(record.httpHeaders?.statusCode, 200);
    }
  }
  for (const file of segments) {
    for await (const record of new WARCParser(createReadStream(file), { parseHttp: false })) {
      const block = await record.readFully(false);
      const digest = record.warcHeader('WARC-Block-Digest');
      if (record.warcType === 'response') assert.equal(fromBase32(digest ?? ''), hash('sha256', block));
    }
  }
  assert.equal(infos, segments.length);
  assert.deepEqual(seen.sort(), [...urls].sort());
});

test('ndjson: one line a target, over all segments', async (t) => {
  const urls = await serveBodies(t);
  const to = join(scratchDirectory(t), 'out.ndjson');
  const { report } = await fetchUrls(t, urls, { to });
  assert.equal(report.ok, COUNT);
  const lines = segmentsOf(to).flatMap((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
  const records = lines.map((line) => JSON.parse(line) as { index: number; text: string });
  assert.equal(records.length, COUNT);
  for (const { index, text } of records) assert.equal(text, bodyOf(index));
  assert.equal(new Set(records.map(({ index }) => index)).size, COUNT);
});

test('tar.zst: tar unpacks every body', async (t) => {
  const urls = await serveBodies(t);
  const root = scratchDirectory(t);
  await fetchUrls(t, urls, { to: join(root, 'out', 'out.tar.zst') });
  for (const file of segmentsOf(join(root, 'out', 'out.tar.zst'))) {
    writeFileSync(join(root, 'plain.tar'), zstdDecompressSync(readFileSync(file)));
    execFileSync('tar', ['-xf', 'plain.tar', '--warning=no-unknown-keyword'], { cwd: root });
  }
  const files = readdirSync(join(root, '00000'));
  assert.equal(files.length, COUNT);
  for (const name of files) {
    const number = Number(name.split('-')[0]);
    assert.equal(readFileSync(join(root, '00000', name), 'utf8'), bodyOf(number));
  }
});

test('a sink that cannot write ends the run as broken, says why, and the parts add up', async (t) => {
  const to = join(scratchDirectory(t), 'out.ndjson');
  const origin = await serve(t, (_, response) => {
    // Somebody makes it while the run is at work.
    writeFileSync(to, 'mine');
    response.end('body');
  });
  const urls = Array.from({ length: COUNT }, (_, n) => `${origin}/${n}`);
  const broken = await fetchUrls(t, urls, { to, cores: 1 });
  assert.equal(broken.report.ended, 'broken');
  assert.match(broken.report.problem ?? '', /out\.ndjson/u);
  assert.equal(broken.report.targets, broken.report.ok + broken.report.failed + broken.report.skipped);
  assert.equal(readFileSync(to, 'utf8'), 'mine');
});

test('a place that holds a run of other options is refused before anything is sent', async (t) => {
  const urls = await serveBodies(t);
  const to = join(scratchDirectory(t), 'out');
  await fetchUrls(t, urls, { to });
  await assert.rejects(fetchUrls(t, urls, { to, nameTemplate: '{index}' }), {
    code: 'ERR_OPTION',
    message: /^--name: expected none, as the run there was begun with, found "\{index\}"/u,
  });
  assert.ok(existsSync(join(to, '.spillway', 'report.json')));
});

test('a packed file that is there already, or a segment of it, is refused before anything is sent', async (t) => {
  let asked = 0;
  const origin = await serve(t, (_, response) => {
    asked++;
    response.end('body');
  });
  const directory = scratchDirectory(t);
  writeFileSync(join(directory, 'a.ndjson'), 'mine');
  mkdirSync(join(directory, 'b.ndjson'));
  writeFileSync(join(directory, 'c.w3.s1.warc.gz'), 'mine');
  const before = readdirSync(directory);
  for (const [name, found] of [
    ['a.ndjson', 'a.ndjson'],
    ['b.ndjson', 'b.ndjson'],
    ['c.warc.gz', 'c.w3.s1.warc.gz'],
  ] as const) {
    await assert.rejects(fetchUrls(t, [`${origin}/`], { to: join(directory, name) }), {
      code: 'ERR_OPTION',
      message: `--to: expected a file that is not there yet, nor further segments of it, found ${join(directory, found)}, which is of no run: choose another place or remove it`,
    });
  }
  assert.equal(asked, 0);
  assert.deepEqual(readdirSync(directory), before);
  const { report } = await fetchUrls(t, [`${origin}/`], { to: join(directory, 'c.ndjson') });
  assert.equal(report.ok, 1);
  const again = await fetchUrls(t, [`${origin}/`], { to: join(directory, 'c.ndjson') });
  assert.equal(again.report.before.ok, 1, 'the segments of a run are its own');
});
