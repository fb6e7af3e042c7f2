// Against a server that is not ours, where it is installed: the answers of Debian's nginx.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, constants, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type TestContext, test } from 'node:test';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import { verifyRuns } from '../../src/runner/fetch/verify/verify.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { listen, makeOptions } from './fetch-world.ts';

const NGINX = '/usr/sbin/nginx';
const SMALL = 'a kilobyte of text, sixty-four bytes at a time, line after line\n'.repeat(16);

function whyNot(): string | false {
  try {
    accessSync(NGINX, constants.X_OK);
    return false;
  } catch {
    return `${NGINX} is not installed`;
  }
}

/** nginx over `root`, plus `/n/…`, which answers any path with a kilobyte. */
async function serveByNginx(t: TestContext): Promise<{ origin: string; root: string }> {
  const scratch = scratchDirectory(t);
  const root = join(scratch, 'www');
  mkdirSync(root);
  chmodSync(scratch, 0o755);
  const probe = createServer();
  const port = await listen(t, probe);
  await new Promise((resolve) => probe.close(resolve));
  writeFileSync(
    join(scratch, 'nginx.conf'),
    `daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000; default_type text/plain;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server { listen 127.0.0.1:${port}; root ${root}; location /n/ { return 200 "${SMALL}"; } }
}
`,
  );
  const child = spawn(NGINX, ['-e', 'stderr', '-p', scratch, '-c', join(scratch, 'nginx.conf')], {
    stdio: 'ignore',
  });
  t.after(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  const origin = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const isUp = await fetch(`${origin}/n/0`).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) return { origin, root };
    assert.ok(tries < 200, 'nginx answers within ten seconds');
    await wait(50);
  }
}

const verify = (path: string) => verifyRuns({ paths: [path], manifestFile: null, certificateFile: null });

test('10,001 bodies of a kilobyte from nginx: each once, in directories of 10,000, and verified', {
  skip: whyNot(),
}, async (t) => {
  const { origin } = await serveByNginx(t);
  const to = join(scratchDirectory(t), 'out');
  const options = makeOptions([], { to, maxInFlight: 64 });
  const run = startFetch({
    ...options,
    sources: [{ kind: 'template', template: `${origin}/n/{00000..10000}` }],
  });
  const report = await run.report;
  assert.deepEqual([report.targets, report.ok, report.renamed], [10_001, 10_001, 0]);
  assert.equal(report.bytes, 10_001 * SMALL.length);
  assert.equal(report.attemptsSent, 10_001);
  assert.equal(readdirSync(to).length, 10_000 + 2);
  assert.deepEqual(readdirSync(join(to, 'part-00001')), ['10000']);
  assert.equal((await verify(to)).report.isComplete, true);
});

test('50 bodies of a megabyte from nginx, as files of their own', { skip: whyNot() }, async (t) => {
  const { origin, root } = await serveByNginx(t);
  for (let n = 0; n < 50; n++) writeFileSync(join(root, `${n}`), Buffer.alloc(1_000_000, String(n)));
  const to = join(scratchDirectory(t), 'out');
  const options = makeOptions([], { to, maxInFlight: 16 });
  const run = startFetch({ ...options, sources: [{ kind: 'template', template: `${origin}/{0..49}` }] });
  assert.equal((await run.report).ok, 50);
  for (let n = 0; n < 50; n++) assert.equal(statSync(join(to, String(n))).size, 1_000_000);
  assert.equal((await verify(to)).report.isComplete, true);
});
