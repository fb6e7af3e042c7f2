// The servers that the comparison starts and stops itself, each in its own processes on a free port of 127.0.0.1.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from './end-with-us.ts';
import { readTreeCpuUs } from './machine.ts';
import { commandEnvironment } from './measure-process.ts';
import { findOnPath, PYTHON } from './programs.ts';
import { repositoryDir } from './repository.ts';

export type ServerSpec =
  | {
      /** nginx, with Debian's echo module for a delay. It answers pipelined requests one after another. */
      readonly kind: 'nginx';
      readonly delayMs: number;
      readonly processCount: number;
      /** Speak HTTP/2 without TLS, as `h2c` does. */
      readonly isHttp2?: boolean;
      /** Processor it is held to. */
      readonly core?: number;
    }
  | {
      /** neutral-server.ts: it overlaps pipelined requests, and no line of it is spillway's. */
      readonly kind: 'neutral';
      readonly delayMs: number;
    }
  | {
      /** `spillway serve`. */
      readonly kind: 'spillway';
      readonly delayMs: number;
      readonly itemCount: number;
      readonly replicaCount: number;
      readonly isLean: boolean;
      /** @default 'text', what the other servers answer */
      readonly answer?: 'json' | 'text';
    }
  | {
      /** FastAPI on uvicorn, as the demonstrations in Python have it. */
      readonly kind: 'fastapi';
      readonly delayMs: number;
      readonly workerCount: number;
    }
  | {
      /** No server: spillway's bench starts its own. */
      readonly kind: 'none';
      readonly delayMs: number;
    };

export interface RunningServer {
  readonly origin: string;
  readonly port: number;
  /** As it was started, for the record. */
  readonly command: readonly string[];
  /** Its configuration, where it has a file of it. */
  readonly configuration: string | null;
  /** CPU used so far by all its processes. */
  readCpuUs(): number | null;
  /** Requests counted since its start, and connections open now; null where it does not say. */
  readCounts(): Promise<{ readonly requestCount: number; readonly connectionCount: number } | null>;
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 5_000;

/** @throws Error with what the server said, when it does not answer within 15 s. */
export async function startServer(spec: ServerSpec, scratchDir: string): Promise<RunningServer> {
  if (spec.kind === 'none') return noServer();
  const port = await findFreePort();
  const configuration = spec.kind === 'nginx' ? makeNginxConfiguration(spec, port) : null;
  if (configuration !== null) {
    mkdirSync(scratchDir, { recursive: true });
    writeFileSync(join(scratchDir, 'nginx.conf'), configuration);
  }
  const command = serverCommand(spec, port, scratchDir);
  const [file = '', ...words] = command;
  if (findOnPath(file) === null && file !== 'node') {
    throw new Error(`${file} is not installed; run npm run compare -- --setup`);
  }
  const child = spawn(file, words, {
    cwd: repositoryDir,
    env: commandEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.once(
    'exit',
    endWithUs(() => void child.kill('SIGTERM')),
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  child.once('error', (error) => {
    said += error.message;
  });
  const origin = `http://127.0.0.1:${port}`;
  // A server that counts nothing is only looked at for whether it listens.
  const isHttp2 = (spec.kind === 'nginx' && spec.isHttp2 === true) || spec.kind === 'fastapi';
  const server: RunningServer = {
    origin,
    port,
    command,
    configuration,
    readCpuUs: () => (child.pid === undefined ? null : readTreeCpuUs(child.pid)),
    readCounts: async () => (isHttp2 ? null : readCounts(origin, spec.kind)),
    stop: async () => stop(child),
  };
  const deadlineMs = performance.now() + READY_LIMIT_MS;
  while (!(isHttp2 ? await isListening(port) : (await readCounts(origin, spec.kind)) !== null)) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      await stop(child);
      throw new Error(
        `${command.join(' ')} did not answer on ${origin}: ${said.trim().replaceAll(/\s+/g, ' ') || 'it said nothing'}`,
      );
    }
    await sleep(50);
  }
  return server;
}

/** nginx's configuration: any path that is a number answers with it, at once or after the delay. */
export function makeNginxConfiguration(spec: Extract<ServerSpec, { kind: 'nginx' }>, port: number): string {
  const answer =
    spec.delayMs === 0
      ? 'return 200 $1;'
      : `set $number $1; echo_sleep ${spec.delayMs / 1000}; echo -n $number;`;
  return `${spec.delayMs === 0 ? '' : 'load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;\n'}daemon off;
worker_processes ${spec.processCount};
worker_rlimit_nofile 20000;
pid nginx.pid;
error_log stderr error;
events { worker_connections 19900; multi_accept on; accept_mutex off; }
http {
  access_log off;
  default_type text/plain;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  client_header_timeout 300s;
  http2_max_concurrent_streams 10000;
  http2_recv_timeout 300s;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port}${spec.isHttp2 === true ? ' http2' : ''} reuseport backlog=4096;
    location ~ ^/([0-9]+)$ { ${answer} }
    location = /stats { stub_status; }
  }
}
`;
}

/** What the server's own page of figures says; null while it does not answer. */
async function readCounts(
  origin: string,
  kind: ServerSpec['kind'],
): Promise<{ readonly requestCount: number; readonly connectionCount: number } | null> {
  try {
    const response = await fetch(`${origin}/stats`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(5000),
    });
    return parseCounts(kind, await response.text());
  } catch {
    return null;
  }
}

/** Reads a stats page: nginx's stub_status, the neutral server's, or spillway's. The asking connection is in it. */
export function parseCounts(
  kind: ServerSpec['kind'],
  page: string,
): { readonly requestCount: number; readonly connectionCount: number } | null {
  if (kind === 'nginx') {
    const found = /Active connections: (\d+)[^\d]*\d+ \d+ (\d+)/.exec(page);
    return found === null ? null : { connectionCount: Number(found[1]), requestCount: Number(found[2]) };
  }
  const stats = JSON.parse(page) as {
    readonly requests?: number;
    readonly connections?: number | { readonly open?: number };
    readonly trials?: { readonly answered?: number };
  };
  const connectionCount =
    typeof stats.connections === 'number' ? stats.connections : (stats.connections?.open ?? 0);
  return { connectionCount, requestCount: stats.requests ?? stats.trials?.answered ?? 0 };
}

// oxlint-disable-next-line typescript/consistent-return -- every kind returns; a new one fails to compile
function serverCommand(
  spec: Exclude<ServerSpec, { kind: 'none' }>,
  port: number,
  scratchDir: string,
): string[] {
  switch (spec.kind) {
    case 'nginx': {
      const pin = spec.core === undefined ? [] : ['taskset', '-c', String(spec.core)];
      return [...pin, 'nginx', '-e', 'stderr', '-p', scratchDir, '-c', join(scratchDir, 'nginx.conf')];
    }
    case 'neutral':
      return ['node', 'benchmarks/compare/neutral-server.ts', String(port), String(spec.delayMs)];
    case 'fastapi':
      return [
        PYTHON,
        'benchmarks/compare/python/slow_site.py',
        String(spec.delayMs / 1000),
        String(spec.workerCount),
        String(port),
      ];
    case 'spillway':
      return [
        ...`node dist/cli/main.js serve --port ${port} --delay ${spec.delayMs}ms`.split(' '),
        ...`--items ${spec.itemCount} --replicas ${spec.replicaCount}`.split(' '),
        '--answer',
        spec.answer ?? 'text',
        ...(spec.isLean ? ['--lean'] : []),
      ];
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(killer);
}

function noServer(): RunningServer {
  return {
    origin: '',
    port: 0,
    command: [],
    configuration: null,
    readCpuUs: () => null,
    readCounts: async () => null,
    stop: async () => {},
  };
}

async function isListening(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2000) });
    return true;
  } catch (error) {
    // An HTTP/2 listener answers HTTP/1.1 with what is no HTTP/1.1: it is there all the same.
    return (error as { cause?: { code?: string } }).cause?.code !== 'ECONNREFUSED';
  }
}

export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('expected a free port, got none');
  return address.port;
}
