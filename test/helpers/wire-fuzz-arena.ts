// Serves fuzz cases, byte for byte and write for write the same, to both transports, and says what each made of them.

import type { Lane, LaneOptions, Reached, Slot } from '../../src/transport/lane.ts';
import { openUndiciLane } from '../../src/transport/undici/undici-lane.ts';
import { openWireLane } from '../../src/transport/wire/wire-lane.ts';
import { openWireTlsLane, Probe, serveRawTls } from './lane-probe.ts';
import { openRawServer, type RawConnection, type RawRequest, type RawServer } from './raw-server.ts';
import type { FuzzCase } from './wire-fuzz-grammar.ts';

export type FuzzOutcome =
  | {
      readonly kind: 'ok';
      readonly status: number;
      readonly headers: [string, string][];
      readonly body: string;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly reached: Reached }
  | { readonly kind: 'hung' };

/** `undici` is the oracle, over a socket of Node's own; `lean` is undici over the lean socket; `tls` the wire over TLS. */
export type FuzzTransport = 'undici' | 'lean' | 'wire' | 'tls';

/** A case may take this long, however busy the machine is; it takes milliseconds. */
const HANG_MS = 10_000;
/** The server ends a connection on which nothing has moved for this long. */
const QUIET_MS = 15;

export class FuzzArena implements AsyncDisposable {
  readonly #servers: readonly RawServer[];
  readonly #cases: Map<number, FuzzCase>;
  readonly #lanes: Readonly<Record<FuzzTransport, Lane>>;

  private constructor(server: RawServer, tlsServer: RawServer, cases: Map<number, FuzzCase>) {
    this.#servers = [server, tlsServer];
    this.#cases = cases;
    const options: LaneOptions = {
      origin: server.origin,
      depth: 8,
      connectTimeoutMs: HANG_MS,
      maxHeaderBytes: 16_384,
      headers: [],
      onConnection: () => {},
    };
    this.#lanes = {
      undici: openUndiciLane({ ...options, isLean: false }),
      lean: openUndiciLane(options),
      wire: openWireLane(options),
      tls: openWireTlsLane({ ...options, origin: tlsServer.origin }),
    };
  }

  /** It keeps what it needs for each case to the end: open one for some hundreds of them. */
  static async open(): Promise<FuzzArena> {
    const cases = new Map<number, FuzzCase>();
    const writers = new WeakMap<RawConnection, PieceWriter>();
    const answerCase = (connection: RawConnection, request: RawRequest) => {
      let writer = writers.get(connection);
      if (writer === undefined) {
        writer = new PieceWriter(connection);
        writers.set(connection, writer);
      }
      serve(cases, writer, request);
    };
    const [server, tlsServer] = await Promise.all([openRawServer(answerCase), serveRawTls(answerCase)]);
    return new FuzzArena(server, tlsServer, cases);
  }

  /** What the transport makes of each request of the case. */
  async run(transport: FuzzTransport, fuzzCase: FuzzCase): Promise<FuzzOutcome[]> {
    this.#cases.set(fuzzCase.seed, fuzzCase);
    const slot = this.#lanes[transport].openSlot();
    const probes = fuzzCase.answers.map(
      ({ method }, index) => new Probe(`/${fuzzCase.seed}/${index}`, method, transport === 'tls' ? 2 : 1),
    );
    if (fuzzCase.mode === 'lockstep') {
      slot.depth = 1;
      for (const [index, probe] of probes.entries()) {
        const next = probes[index + 1];
        if (next === undefined) continue;
        const sendNext = () => slot.send(next);
        probe.hooks = { onEnd: sendNext, onError: sendNext };
      }
    }
    for (const probe of fuzzCase.mode === 'lockstep' ? probes.slice(0, 1) : probes) slot.send(probe);
    return settle(slot, probes);
  }

  /** What undici makes of one request of the case, alone on a fresh connection: the engine's hand-over. */
  async handOver(fuzzCase: FuzzCase, index: number): Promise<FuzzOutcome> {
    const slot = this.#lanes.undici.openSlot();
    const probe = new Probe(`/${fuzzCase.seed}/${index}/alone`, fuzzCase.answers[index]?.method);
    slot.send(probe);
    const [outcome] = await settle(slot, [probe]);
    return outcome as FuzzOutcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.#lanes).map((lane) => lane.close(true)));
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
  }
}

function serve(cases: ReadonlyMap<number, FuzzCase>, writer: PieceWriter, request: RawRequest): void {
  const [, seed, position, alone] = request.path.split('/');
  const fuzzCase = cases.get(Number(seed)) as FuzzCase;
  const index = Number(position);
  const { answers, mode, pieces } = fuzzCase;
  const isEnding = answers[index]?.isEnding === true;
  if (mode === 'lockstep') writer.write(pieces[index] as readonly string[], isEnding);
  else if (alone !== undefined) writer.write([answers[index]?.bytes as string], isEnding);
  // A pipeline is answered once it is whole, in writes that pay no heed to where an answer ends.
  else if (index === answers.length - 1) {
    const first = Number(writer.firstPath.split('/')[2]);
    const isWhole = first === 0;
    // What is asked for again on another connection, because its body lasts until the close, has an answer of its own.
    const rest = [
      answers
        .slice(first)
        .map(({ bytes }) => bytes)
        .join(''),
    ];
    writer.write(isWhole ? (pieces[0] as readonly string[]) : rest, isEnding);
  }
}

/** Writes pieces so that each is read before the next is there, and ends the connection when nothing moves any more. */
class PieceWriter {
  readonly #connection: RawConnection;
  readonly #queue: string[] = [];
  #isEnding = false;
  #quiet: NodeJS.Timeout | undefined;

  constructor(connection: RawConnection) {
    this.#connection = connection;
    connection.socket.on('close', () => clearTimeout(this.#quiet));
  }

  /** What was asked first on the connection. */
  get firstPath(): string {
    return this.#connection.requests[0]?.path ?? '';
  }

  write(pieces: readonly string[], isEnding: boolean): void {
    clearTimeout(this.#quiet);
    this.#isEnding ||= isEnding;
    if (this.#queue.push(...pieces) === pieces.length) setImmediate(() => this.#next());
  }

  #next(): void {
    const { socket } = this.#connection;
    if (socket.destroyed) return;
    const piece = this.#queue.shift();
    if (piece !== undefined && piece !== '') socket.write(piece, 'latin1');
    if (this.#queue.length > 0) setImmediate(() => this.#next());
    else if (this.#isEnding) socket.end();
    else this.#endWhenQuiet();
  }

  /** A busy machine fires timers late: whatever the client sent meanwhile is read before the end is decided on. */
  #endWhenQuiet(): void {
    const requestCount = this.#connection.requests.length;
    const endIfQuiet = (turns: number) => {
      if (this.#connection.requests.length !== requestCount) return;
      if (turns > 0) setImmediate(() => endIfQuiet(turns - 1));
      else this.#connection.socket.end();
    };
    this.#quiet = setTimeout(() => endIfQuiet(5), QUIET_MS);
  }
}

/** Waits for the end of each; then the connection is of no more use. */
async function settle(slot: Slot, probes: readonly Probe[]): Promise<FuzzOutcome[]> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, HANG_MS);
  await Promise.race([promise, Promise.all(probes.map((probe) => probe.done))]);
  clearTimeout(timer);
  const outcomes = probes.map(outcomeOf);
  slot.reset(new Error('the case is over'));
  return outcomes;
}

function outcomeOf(probe: Probe): FuzzOutcome {
  if (probe.state === 'ended')
    return { kind: 'ok', status: probe.status, headers: probe.headers, body: probe.body };
  if (probe.state === 'failed')
    return { kind: 'failed', code: String(probe.code), reached: probe.reached as Reached };
  return { kind: 'hung' };
}
