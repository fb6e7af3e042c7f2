// nginx with one small file under every name, as the server that answers at once.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort } from '../compare/servers.ts';

const FILE_BYTES = 2000;
const START_TRIES = 100;

export interface FileServer extends AsyncDisposable {
  readonly url: string;
}

/** null where there is no nginx. */
export async function startFileServer(): Promise<FileServer | null> {
  if (spawnSync('nginx', ['-v']).error !== undefined) return null;
  const port = await findFreePort();
  const root = mkdtempSync(join(tmpdir(), 'spillway-nginx-'));
  writeFileSync(join(root, 'file'), Buffer.alloc(FILE_BYTES, 'x'));
  writeFileSync(
    join(root, 'nginx.conf'),
    `daemon off; master_process off; pid ${root}/pid; error_log ${root}/errors; worker_rlimit_nofile 20000;
events { worker_connections 10000; }
http { access_log off; sendfile on; keepalive_requests 1000000; open_file_cache max=10;
  client_body_temp_path ${root}/a; proxy_temp_path ${root}/b; fastcgi_temp_path ${root}/c; uwsgi_temp_path ${root}/d; scgi_temp_path ${root}/e;
  server { listen 127.0.0.1:${port} backlog=4096; root ${root}; location / { try_files /file =404; } } }
`,
  );
  const child = spawn('nginx', ['-p', root, '-c', join(root, 'nginx.conf')], { stdio: 'ignore' });
  for (let tries = 0; tries < START_TRIES && !(await isListening(port)); tries++) await wait(50);
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  const isThere = await promise;
  socket.destroy();
  return isThere;
}
