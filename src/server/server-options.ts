// The options of the mock server as a caller gives them, and their resolved, checked form. Knows nothing of
// processes.

import { ANSWER_FORMS, type AnswerForm } from '../model/answer-form.ts';
import { SpillwayError } from '../model/errors.ts';

/** A number's square must stay below 2^52, so that the sum of squares is exact. */
const MAX_NUMBERS = 2 ** 26;

export interface ServerOptions {
  /** Address or name to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /** First port; the other destinations take the ports after it. 0: any free ports. @default 0 */
  readonly port?: number;
  /**
   * How many ports (origins) the server listens on, so that a client may spread its own ports. Where there are at least
   * as many destinations as replicas, destination i belongs to replica i % replicas alone; else every replica serves all.
   * @default 1
   */
  readonly destinations?: number;
  /** Processes that answer, 1 to 128. @default 1 */
  readonly replicas?: number;
  /** How long a trial or a download waits for its answer, at least; 0 answers at once. @default 1000 */
  readonly delayMs?: number;
  /** `GET /:n` answers for 0..items-1; 1 to 2^26. @default 10000 */
  readonly items?: number;
  /** How many files the list API has; 0 to 2^26. @default 25 */
  readonly files?: number;
  /** The most ids on a page of the list API. @default 5 */
  readonly maxPerPage?: number;
  /** The same seed gives the same file ids. @default a random key */
  readonly seed?: string;
  /** Answer `GET /:n` with the lean HTTP/1.1 server and everything else with Fastify. @default false */
  readonly lean?: boolean;
  /** How `GET /:n` answers: `{"message":"ok","value":n}`, or the text `n`. @default 'json' */
  readonly answer?: AnswerForm;
  /** Accept queues a replica opens for each of its destinations, 1 to 32. @default 4 */
  readonly listenersPerReplica?: number;
  /** Length asked for each accept queue; the system caps it (net.core.somaxconn). @default 4096 */
  readonly backlog?: number;
  /** Also listen for HTTP/2 over plain TCP, on as many further ports. @default false */
  readonly h2c?: boolean;
  /** Speak TLS on the HTTP/1.1 ports, with a self-signed certificate. @default false */
  readonly tls?: boolean;
  /** How long `close` (or SIGTERM to a replica) waits for answers in flight. @default 2000 */
  readonly drainMs?: number;
  /**
   * Give every listener an accept queue of its own. Without, the replicas share one queue for each destination.
   * @default true where the system balances such sockets (Linux, FreeBSD, DragonFly, illumos, AIX)
   */
  readonly reusePort?: boolean;
}

export interface ResolvedServerOptions extends Required<Omit<ServerOptions, 'seed'>> {
  readonly seed: string | undefined;
}

const REUSE_PORT_PLATFORMS: ReadonlySet<string> = new Set(['linux', 'freebsd', 'dragonfly', 'sunos', 'aix']);

/** @throws ERR_OPTION naming every option that is unknown or out of range */
export function resolveServerOptions(options: ServerOptions = {}): ResolvedServerOptions {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null)
    throw new SpillwayError('ERR_OPTION', `expected an object of server options, found ${String(given)}`);
  const problems: string[] = [];
  const whole = (name: keyof ServerOptions, fallback: number, least: number, most: number): number => {
    const value: unknown = options[name] ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    problems.push(`${name}: expected an integer from ${least} to ${most}, found ${String(value)}`);
    return fallback;
  };
  const reusePort = options.reusePort ?? REUSE_PORT_PLATFORMS.has(process.platform);
  const resolved: ResolvedServerOptions = {
    host: options.host ?? '127.0.0.1',
    port: whole('port', 0, 0, 65_535),
    destinations: whole('destinations', 1, 1, 256),
    replicas: whole('replicas', 1, 1, 128),
    delayMs: delay(options.delayMs ?? 1000, problems),
    items: whole('items', 10_000, 1, MAX_NUMBERS),
    files: whole('files', 25, 0, MAX_NUMBERS),
    maxPerPage: whole('maxPerPage', 5, 1, 10_000),
    seed: options.seed,
    lean: options.lean ?? false,
    answer: answerForm(options.answer ?? 'json', problems),
    listenersPerReplica: reusePort ? whole('listenersPerReplica', 4, 1, 32) : 1,
    backlog: whole('backlog', 4096, 1, 65_535),
    h2c: options.h2c ?? false,
    tls: options.tls ?? false,
    drainMs: whole('drainMs', 2000, 0, 600_000),
    reusePort,
  };
  for (const name of Object.keys(options)) {
    if (name in resolved) continue;
    const known = Object.keys(resolved).join(', ');
    problems.push(`${name}: expected an option of the server (${known}), found none of that name`);
  }
  if (resolved.host === '') problems.push("host: expected an address such as 127.0.0.1, found ''");
  const lastPort = resolved.port + resolved.destinations * (resolved.h2c ? 2 : 1) - 1;
  if (resolved.port > 0 && lastPort > 65_535) {
    problems.push(
      `port: ${resolved.destinations} destinations from ${resolved.port} on end above 65535; take a lower port`,
    );
  }
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
  return resolved;
}

/** Accepts fractions of a millisecond: the timer is not that fine, but an answer is never early. */
function delay(value: number, problems: string[]): number {
  if (typeof value === 'number' && value >= 0 && value <= 3_600_000) return value;
  problems.push(`delayMs: expected 0 to 3600000, found ${String(value)}`);
  return 0;
}

function answerForm(value: unknown, problems: string[]): AnswerForm {
  const form = ANSWER_FORMS.find((known) => known === value);
  if (form !== undefined) return form;
  problems.push(`answer: expected ${ANSWER_FORMS.join(' or ')}, found ${String(value)}`);
  return 'json';
}
