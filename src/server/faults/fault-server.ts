// The mock server that misbehaves: it has the targets of the normal one, and gives each its fault by seed,
// origin and path. It is one process, so that a target's second request finds the state of its first, and
// loopback only.

import type { Socket } from 'node:net';
import { bodyPieces, MAX_BODY_NUMBER } from '../body-bytes.ts';
import { parseNumber, parseTrialNumber } from '../trial-number.ts';
import { FaultConnection, type FaultRequest, type Play } from './fault-connection.ts';
import { chooseFault } from './fault-mix.ts';
import { type FaultServerOptions, type ResolvedFaultOptions, resolveFaultOptions } from './fault-options.ts';
import { FaultOrigin } from './fault-origin.ts';
import { type RedirectOrigins, openRedirectOrigins } from './redirect-origins.ts';
import { FaultAccount, type FaultStats } from './fault-stats.ts';
import { ANSWERED, type Asked, head, type RedirectName, send, type Step } from './fault-steps.ts';
import { FAULT_NAMES, FAULTS, type FaultName } from './fault-table.ts';
import { seededSequence } from './seeded.ts';

export type { FaultServerOptions } from './fault-options.ts';
export type { FaultStats } from './fault-stats.ts';

/** The largest body: bodies are held whole in memory, so that faults can cut them anywhere. */
const MAX_FAULT_BODY_BYTES = 16 * 1024 * 1024;

/** A running fault server. Whoever started it closes it. */
export interface FaultServer {
  /** `http://127.0.0.1:PORT`, one for each destination. */
  readonly origins: readonly string[];
  /** Origins with broken TLS, to which redirects lead and which no client should accept. */
  readonly badTlsOrigins: readonly string[];
  readonly seed: string;
  /** The fault of a target. @param origin index of its origin @param path without a query */
  faultOf(origin: number, path: string): FaultName;
  /** The content of `GET /stats`, the same at every origin. */
  stats(withTargets: boolean): FaultStats;
  /** Starts all counts again, and with them the faults that apply only to a target's first requests. */
  reset(): void;
  /** Resets every connection and frees the ports. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Resolves when every origin listens.
 * @throws ERR_OPTION naming everything that is wrong, ERR_PORT_BUSY
 */
export async function startFaultServer(options: FaultServerOptions): Promise<FaultServer> {
  const server = new Faults(resolveFaultOptions(options));
  await server.open();
  return server;
}

class Faults implements FaultServer {
  readonly seed: string;
  readonly #options: ResolvedFaultOptions;
  readonly #account = new FaultAccount();
  #origins: FaultOrigin[] = [];
  #redirects: RedirectOrigins | undefined;

  constructor(options: ResolvedFaultOptions) {
    this.#options = options;
    this.seed = options.seed;
  }

  async open(): Promise<void> {
    const { host, port, destinations, mix } = this.#options;
    try {
      this.#redirects = await openRedirectOrigins(mix, host, this.#shownHost, (socket) => {
        // Requests over TLS come by way of a redirect, whose query says which origin it came from.
        this.#accept(socket, 0, true);
      });
      this.#origins = Array.from(
        { length: destinations },
        (_, index) =>
          new FaultOrigin(host, port === 0 ? 0 : port + index, (socket) =>
            this.#accept(socket, index, false),
          ),
      );
      for (const origin of this.#origins) await origin.listen();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get origins(): readonly string[] {
    return this.#origins.map(({ port }) => `http://${this.#shownHost}:${port}`);
  }

  get badTlsOrigins(): readonly string[] {
    return this.#redirects?.listening ?? [];
  }

  faultOf(origin: number, path: string): FaultName {
    return chooseFault(this.#options.mix, this.seed, `${origin} ${path}`);
  }

  stats(withTargets: boolean): FaultStats {
    const { faults } = this.#options;
    return this.#account.snapshot({ seed: this.seed, faults, origins: this.origins }, withTargets);
  }

  reset(): void {
    this.#account.reset();
  }

  close(): void {
    for (const origin of this.#origins) origin.close();
    this.#redirects?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #shownHost(): string {
    const { host } = this.#options;
    return host.includes(':') ? `[${host}]` : host;
  }

  #accept(socket: Socket, origin: number, isSecure: boolean): FaultConnection {
    const account = this.#account;
    account.openConnections++;
    account.totalConnections++;
    socket.once('close', () => {
      account.openConnections--;
    });
    return new FaultConnection(socket, (request) => this.#decide(request, origin, isSecure));
  }

  #decide(request: FaultRequest, origin: number, isSecure: boolean): Play {
    const body = this.#bodyOf(request.path);
    if (body === undefined) return this.#decideOther(request);
    const home = isSecure ? this.#originOf(request.query) : origin;
    const target = this.#account.ask(home, request.path, () => this.faultOf(home, request.path));
    const fault =
      FAULTS[isSecure || target.asked > (FAULTS[target.fault].times ?? Infinity) ? 'none' : target.fault];
    const random = seededSequence(`${this.seed}\n${home} ${request.path}\n${target.asked}`);
    const { delayMs } = this.#options;
    const asked: Asked = {
      path: request.path,
      query: request.query,
      body,
      delayMs,
      random,
      at: (name: RedirectName) =>
        `${this.#redirects?.origins[name]}${request.path}${name === 'refused' ? '' : `?from=${origin}`}`,
    };
    const steps = fault.play(asked);
    return {
      startAtMs: fault.isSequential === true ? 0 : request.receivedAtMs + delayMs,
      steps: request.method === 'HEAD' ? withoutBodies(steps) : steps,
      onAnswered: () => this.#account.answer(target),
      onOutage: (durationMs) => {
        if (this.#origins[origin]?.goDown(durationMs) === true) this.#account.outages++;
      },
    };
  }

  /** Answers requests for anything but a target: correctly, at once and without a fault. */
  #decideOther({ method, path, query }: FaultRequest): Play {
    const asked = `${method} ${path}`;
    let steps: Step[];
    if (asked === 'GET /stats') steps = json(this.stats(query === 'targets=true'));
    else if (asked === 'GET /faults') steps = json(this.#describe());
    else if (asked === 'POST /stats/reset') {
      this.reset();
      steps = [send(head('204 No Content'))];
    } else {
      this.#account.strays++;
      const message = `expected /0 to /${this.#options.items - 1}, /bytes/SIZE/N, /stats, /faults or POST /stats/reset, found ${method} ${path}`;
      steps = json({ statusCode: 404, error: 'Not Found', message }, '404 Not Found');
    }
    return { startAtMs: 0, steps, onAnswered: () => {}, onOutage: () => {} };
  }

  #describe(): object {
    const { faults, mix, delayMs, items } = this.#options;
    const table = FAULT_NAMES.filter((name) => (mix.get(name) ?? 0) > 0).map((name) => {
      const { does, becomes, endedBy = null } = FAULTS[name];
      return { name, ratio: mix.get(name), does, becomes, endedBy };
    });
    return { faults, seed: this.seed, delayMs, items, table };
  }

  /** Index of the origin whose redirect led here. */
  #originOf(query: string): number {
    return Math.max(0, parseNumber(query.replace(/^from=/u, ''), this.#origins.length));
  }

  /** Returns undefined when the path names no target. */
  #bodyOf(path: string): Buffer | undefined {
    const number = parseTrialNumber(path.slice(1), this.#options.items);
    if (number !== -1) return Buffer.from(String(number));
    const [, size = '', n = ''] = /^\/bytes\/(\d+)\/(\d+)$/u.exec(path) ?? [];
    const sizeBytes = parseNumber(size, MAX_FAULT_BODY_BYTES + 1);
    const bodyNumber = parseNumber(n, MAX_BODY_NUMBER);
    return sizeBytes === -1 || bodyNumber === -1
      ? undefined
      : Buffer.concat([...bodyPieces(sizeBytes, bodyNumber)]);
  }
}

function json(value: object, status = '200 OK'): Step[] {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  return [
    send(head(status, 'Content-Type: application/json; charset=utf-8', `Content-Length: ${bytes.length}`)),
    send(bytes),
  ];
}

/** Shortens steps for a HEAD: enough for faults that end well, as the first bytes hold the head. */
function withoutBodies(steps: readonly Step[]): Step[] {
  for (const step of steps) {
    if (step.kind !== 'send') continue;
    const end = step.bytes.indexOf('\r\n\r\n');
    if (end >= 0) return [send(step.bytes.subarray(0, end + 4)), ANSWERED];
  }
  return [...steps];
}
