// nginx that serves a directory of files on a free port of 127.0.0.1, as a server independent of this project.

import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeSelfSigned } from '../../src/server/faults/self-signed.ts';
import { endWithUs } from './end-with-us.ts';
import { commandEnvironment } from './measure-process.ts';
import { repositoryDir } from './repository.ts';
import { findFreePort } from './servers.ts';

const READY_LIMIT_MS = 10_000;

export interface FileServer {
  readonly origin: string;
  /** The same over TLS, HTTP/1.1 and HTTP/2, and the file of its certificate. */
  readonly secure: { readonly origin: string; readonly caFile: string };
  stop(): void;
}

/**
 * Answers when it returns.
 * @param root directory of the files; one of them is named `0`
 * @param scratch directory for its configuration and temporary files; made readable for nginx' own user
 */
export async function startFileServer(root: string, scratch: string): Promise<FileServer> {
  const port = await findFreePort();
  const securePort = await findFreePort();
  const caFile = join(scratch, 'ca.pem');
  const day = 86_400_000;
  const { key, cert } = makeSelfSigned(new Date(Date.now() - day), new Date(Date.now() + day));
  writeFileSync(caFile, cert);
  writeFileSync(join(scratch, 'key.pem'), key);
  const configuration = `daemon off;
worker_processes 2;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; keepalive_requests 1000000000;
  ssl_certificate ca.pem; ssl_certificate_key key.pem; ssl_session_tickets on; ssl_session_cache shared:tls:10m;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server { listen 127.0.0.1:${port} backlog=4096; listen 127.0.0.1:${securePort} ssl http2 backlog=4096; root ${root}; }
}
`;
  // nginx, started as root, reads as a user of its own.
  chmodSync(scratch, 0o755);
  writeFileSync(join(scratch, 'nginx.conf'), configuration);
  const child = spawn('nginx', ['-e', 'stderr', '-p', scratch, '-c', join(scratch, 'nginx.conf')], {
    env: commandEnvironment,
    cwd: repositoryDir,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const forget = endWithUs(() => void child.kill('SIGTERM'));
  const origin = `http://127.0.0.1:${port}`;
  const deadlineMs = performance.now() + READY_LIMIT_MS;
  while (
    !(await fetch(`${origin}/0`).then(
      (response) => response.ok,
      () => false,
    ))
  ) {
    await sleep(50);
    if (performance.now() > deadlineMs) throw new Error(`expected nginx to answer on ${origin}, it did not`);
  }
  return {
    origin,
    secure: { origin: `https://127.0.0.1:${securePort}`, caFile },
    stop: () => {
      forget();
      child.kill('SIGTERM');
    },
  };
}
