// One connection of the wire lane: the requests of one turn go out in one write, and the parser hands the
// answers back in the order of the requests. It connects at the first request and again after a loss.

import type { Connecting, ConnectSweep } from '../socket/connect-sweep.ts';
import type { Exchange, LaneOptions, Reached, Slot } from '../lane.ts';
import { LaneError } from '../lane-error.ts';
import { thrownText } from '../../model/one-line.ts';
import type { OriginAddresses } from '../socket/origin-addresses.ts';
import {
  type ConnectionOwner,
  type GuardedOwner,
  guardOwner,
  type WireConnection,
} from './wire-connection.ts';
import type { WireHeads } from './wire-heads.ts';
import type { WireHeaderView } from './wire-header-view.ts';
import { type AnswerSink, WireParser } from './wire-parser.ts';
import { WireQueue } from './wire-queue.ts';
import { payloadText } from './wire-payload.ts';

/** How long an address may be silent before the next one is tried, as in Node.js. */
const FALLBACK_MS = 250;

/** What all slots of a wire lane share. */
export interface WireShared {
  readonly options: LaneOptions;
  readonly port: number;
  readonly addresses: OriginAddresses;
  readonly sweep: ConnectSweep;
  /** Every read of every slot lands here and is used up before the next. */
  readonly readBuffer: Buffer;
  readonly heads: WireHeads;
  /** A request is a method, a space, a path, and this: version, fields and the empty line. */
  readonly requestTail: string;
  /** Makes a connection that is not connected yet. @param isWatched one that can tell a proper end from a cut */
  makeSocket(owner: ConnectionOwner, isWatched: boolean): WireConnection;
  /** Counts a socket in: the lane is closed only after each of them is gone. */
  addSocket(socket: WireConnection): void;
  removeSocket(socket: WireConnection): void;
  /** Calls the slot's `flush` at the end of this turn. */
  flushLater(slot: WireSlot): void;
}

export class WireSlot implements Slot, AnswerSink, GuardedOwner, Connecting {
  readonly #shared: WireShared;
  readonly #owner = guardOwner(this);
  readonly #parser: WireParser;
  /** The first `#sentCount` are on the wire; the others wait for a connection or for room. */
  readonly #open: WireQueue;
  #sentCount = 0;
  /** For the first connection: made with the slot, before a run's clock starts. */
  #spare: WireConnection | undefined;
  /** Connected, or about to be while `#isConnecting`. */
  #socket: WireConnection | undefined;
  /**
   * An answer lasted until its connection ended, so the next connections are ones that can tell a proper end
   * from a cut.
   */
  #isWatching = false;
  #isConnecting = false;
  /** The answer that ends now was the last of its connection. */
  #isLast = false;
  /** Number of the present `#connect`, so that late callbacks of an earlier one are ignored. */
  #connectCount = 0;
  /** Addresses that this `#connect` has not tried yet. */
  #untried: readonly string[] = [];
  /** Slow connects that go on beside the one to the next address; the first to be established is used. */
  readonly #racing = new Set<WireConnection>();
  /** A flush comes at the end of this turn and takes what is sent until then. */
  #isFlushComing = false;
  /** Set when the lane is closed. */
  #closedBy: Error | undefined;
  #depth: number;
  #fallback: NodeJS.Timeout | undefined;

  constructor(shared: WireShared) {
    this.#shared = shared;
    this.#depth = shared.options.depth;
    this.#open = new WireQueue(this.#depth);
    this.#parser = new WireParser(this, shared.options.maxHeaderBytes, shared.heads);
    this.#spare = shared.makeSocket(this.#owner, false);
  }

  get isOpen(): boolean {
    return this.#socket !== undefined && !this.#isConnecting && !this.#isLast;
  }

  get depth(): number {
    return this.#depth;
  }

  set depth(depth: number) {
    this.#depth = depth;
    this.#wantFlush();
  }

  send(exchange: Exchange): void {
    this.#open.push(exchange);
    this.#wantFlush();
  }

  cancel(exchange: Exchange, error: Error): void {
    const index = this.#open.indexOf(exchange);
    if (index < 0) return;
    if (index >= this.#sentCount) {
      this.#open.removeAt(index);
      exchange.onError(error, 'unsent');
      return;
    }
    const loss = new LaneError('connection-lost', 'another attempt on the connection was cancelled');
    // A reset leaves no TIME_WAIT, and drops whatever still arrives.
    this.#lose(loss, { isReset: true, victim: exchange, victimError: error });
    this.#wantFlush();
  }

  reset(error: Error): void {
    if (this.#isConnecting) return;
    this.#lose(error, { isReset: true });
    this.#wantFlush();
  }

  pause(isPaused: boolean): void {
    if (isPaused) this.#socket?.pause();
    else this.#socket?.resume();
  }

  /** Ends the connection and every attempt, later ones included. */
  close(isReset: boolean, error: Error): void {
    this.#closedBy = error;
    if (this.#isConnecting) this.#failConnect(error);
    else this.#lose(error, { isReset });
    this.flush();
  }

  /** Writes waiting requests as far as the depth allows, and connects first where there is no connection. */
  flush(): void {
    try {
      this.#flush();
    } catch (error) {
      this.#crash(error);
    }
  }

  #flush(): void {
    this.#isFlushComing = false;
    if (this.#isConnecting) return;
    const first = this.#sentCount;
    const end = Math.min(this.#open.count, this.#depth);
    if (end <= first) return;
    const socket = this.#socket;
    if (socket === undefined) {
      if (this.#closedBy === undefined) this.#connect();
      else this.#failUnsent(this.#closedBy);
      return;
    }
    const { requestTail } = this.#shared;
    let text = '';
    for (let index = first; index < end; index++) {
      const exchange = this.#open.at(index);
      const { method, path, payload } = exchange;
      text +=
        payload === undefined
          ? `${method} ${path}${requestTail}`
          : `${method} ${path}${requestTail.slice(0, -2)}${payloadText(payload)}`;
    }
    this.#sentCount = end;
    // Before the write, because a fast server may have answered when it returns.
    for (let index = first; index < end; index++) this.#open.at(index).onSent();
    socket.write(text, 'latin1');
  }

  connected(socket: WireConnection): void {
    const { addresses, options, sweep } = this.#shared;
    options.onConnection('opened');
    if (this.#racing.delete(socket)) {
      this.#socket?.destroy();
      this.#socket = socket;
    }
    if (socket !== this.#socket) return;
    this.#endRace();
    addresses.prefer(socket.host);
    clearTimeout(this.#fallback);
    sweep.remove(this);
    this.#isConnecting = false;
    this.#parser.reset();
    this.flush();
  }

  read(socket: WireConnection, byteCount: number): void {
    if (socket !== this.#socket) return;
    this.#isFlushComing = true;
    const refusal = this.#parser.parse(this.#shared.readBuffer, 0, byteCount);
    if (refusal !== undefined && socket === this.#socket) this.#refuse(refusal);
    this.flush();
  }

  readEnd(socket: WireConnection, isCut: boolean): void {
    if (socket !== this.#socket) return;
    this.#isFlushComing = true;
    const cut = this.#parser.finish(isCut);
    const loss = cut ?? new LaneError('connection-lost', 'the other side closed the connection');
    if (socket === this.#socket) this.#lose(loss);
    this.flush();
  }

  failed(socket: WireConnection, error: Error): void {
    const wasRacing = this.#racing.delete(socket);
    if (wasRacing && this.#racing.size === 0 && this.#socket === undefined) this.#failConnect(error);
    if (socket !== this.#socket) return;
    if (this.#isConnecting) this.#connectNext(error);
    else this.#lose(error);
    this.#wantFlush();
  }

  closed(socket: WireConnection): void {
    this.#shared.removeSocket(socket);
    if (socket.isOpened) this.#shared.options.onConnection('closed');
    if (socket === this.#socket || this.#racing.has(socket))
      this.failed(socket, new LaneError('connection-lost', 'the connection was closed'));
  }

  crashed(socket: WireConnection, thrown: unknown): void {
    this.#isFlushComing = false;
    if (socket === this.#socket) this.#crash(thrown);
    else socket.destroy();
  }

  expire(): void {
    const { connectTimeoutMs } = this.#shared.options;
    this.#failConnect(new LaneError('connect-timeout', `no connection within ${connectTimeoutMs} ms`));
    this.#wantFlush();
  }

  onBegin(): string | undefined {
    // A request made while this read is parsed is not written yet, so these bytes cannot be its answer.
    return this.#sentCount === 0 ? undefined : this.#open.at(0).method;
  }

  takesUntilClose(): boolean {
    const socket = this.#socket;
    if (socket === undefined || socket.isWatched) return true;
    // Asks again for what is on the wire, on a connection that can tell a proper end from a cut.
    this.#isWatching = true;
    this.#socket = undefined;
    this.#sentCount = 0;
    socket.destroy();
    return false;
  }

  onHead(status: number, headers: WireHeaderView): void {
    this.#open.at(0).onHead(status, headers);
  }

  onData(chunk: Buffer, start: number, end: number): void {
    this.#open.at(0).onData(chunk, start, end);
  }

  onEnd(isReusable: boolean): void {
    this.#sentCount--;
    const exchange = this.#open.shift();
    const socket = this.#socket;
    this.#isLast = !isReusable;
    exchange.onEnd();
    this.#isLast = false;
    if (isReusable || socket !== this.#socket) return;
    const loss = new LaneError('connection-lost', 'the answer before was the last on its connection');
    this.#lose(loss, { isAnnounced: true });
  }

  #wantFlush(): void {
    if (this.#isFlushComing || this.#isConnecting || this.#open.count <= this.#sentCount) return;
    this.#isFlushComing = true;
    this.#shared.flushLater(this);
  }

  /** Fails what is on this connection with an error that was thrown while it was handled, and nothing else. */
  #crash(thrown: unknown): void {
    const error = new LaneError('internal', thrownText(thrown));
    if (this.#isConnecting || this.#socket === undefined) this.#failConnect(error);
    else this.#lose(error, { isReset: true });
    this.#wantFlush();
  }

  /** Drops the connection and ends the attempts on it; those not sent wait for the next connection. */
  #lose(error: Error, loss: Loss = {}): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    if (loss.isReset === true) socket.resetAndDestroy();
    else socket.destroy();
    const firstReached: Reached = this.#parser.isAnswering ? 'answering' : 'head-of-line';
    this.#parser.stop();
    const sent = this.#open.takeFirst(this.#sentCount);
    this.#sentCount = 0;
    tellEach(sent, (exchange, index) => {
      const reached = index === 0 && loss.isAnnounced !== true ? firstReached : 'queued-behind';
      exchange.onError(exchange === loss.victim ? loss.victimError : error, reached);
    });
  }

  /** Refuses the answer that is due; the answers after it are lost with the connection. */
  #refuse(refusal: LaneError): void {
    const loss = new LaneError('connection-lost', 'an earlier answer on the connection was refused');
    if (this.#sentCount === 0) {
      this.#shared.options.onSurplus?.();
      this.#lose(loss, { isReset: true });
    } else this.#lose(loss, { isReset: true, victim: this.#open.at(0), victimError: refusal });
  }

  #connect(): void {
    const { addresses, sweep } = this.#shared;
    const connectCount = ++this.#connectCount;
    this.#isConnecting = true;
    sweep.add(this);
    addresses.resolve((error, found) => {
      if (!this.#isConnecting || connectCount !== this.#connectCount) return;
      try {
        this.#untried = found;
        this.#connectNext(error);
      } catch (thrown) {
        this.#crash(thrown);
      }
    });
  }

  /** Tries the next address. @param error why the one before was no good, or null */
  #connectNext(error: Error | null): void {
    clearTimeout(this.#fallback);
    const { port } = this.#shared;
    const [address, ...others] = this.#untried;
    if (address === undefined && this.#racing.size > 0) {
      // A slow connect may still succeed.
      this.#socket = undefined;
      return;
    }
    if (address === undefined) {
      // Made only where needed: an error takes 6 us, a tenth of a connection.
      this.#failConnect(error ?? new LaneError('dns', 'the name has no address'));
      return;
    }
    this.#untried = others;
    const socket = this.#spare ?? this.#shared.makeSocket(this.#owner, this.#isWatching);
    this.#spare = undefined;
    this.#socket = socket;
    this.#shared.addSocket(socket);
    // A name's first address may be silent, as ::1 of localhost: the next one does not wait for the deadline.
    // After a long turn a connection may be established and not yet noticed, so `setImmediate` lets the
    // sockets be polled first.
    if (others.length > 0 && !this.#shared.addresses.isProven(address))
      this.#fallback = setTimeout(() => setImmediate(() => this.#leaveSilent(socket)), FALLBACK_MS);
    socket.connectTo(address, port);
  }

  #leaveSilent(socket: WireConnection): void {
    if (socket !== this.#socket || !this.#isConnecting) return;
    this.#socket = undefined;
    this.#racing.add(socket);
    this.#connectNext(new LaneError('connect-timeout', `no connection within ${FALLBACK_MS} ms`));
    this.#wantFlush();
  }

  /** No address took a connection: everything that waits for it fails. */
  #failConnect(error: Error): void {
    clearTimeout(this.#fallback);
    this.#endRace();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isConnecting = false;
    this.#shared.sweep.remove(this);
    socket?.destroy();
    this.#failUnsent(error);
  }

  /** Drops the other connects that are still under way. */
  #endRace(): void {
    const others = Array.from(this.#racing);
    this.#racing.clear();
    for (const socket of others) socket.destroy();
  }

  #failUnsent(error: Error): void {
    tellEach(this.#open.takeFirst(this.#open.count), (exchange) => exchange.onError(error, 'unsent'));
  }
}

/** Tells every exchange. Where some throw, the others are still told, and the first error is thrown at the end. */
function tellEach(exchanges: readonly Exchange[], tell: (exchange: Exchange, index: number) => void): void {
  const thrown: unknown[] = [];
  for (const [index, exchange] of exchanges.entries()) {
    try {
      tell(exchange, index);
    } catch (error) {
      thrown.push(error);
    }
  }
  if (thrown.length > 0) throw thrown[0];
}

/** How a connection is lost. */
interface Loss {
  /** By RST and not by FIN. */
  readonly isReset?: boolean;
  /** The server had announced that it would take no more, so none of the attempts is to blame. */
  readonly isAnnounced?: boolean;
  /** The attempt that gets an error of its own. */
  readonly victim?: Exchange;
  readonly victimError?: Error;
}
