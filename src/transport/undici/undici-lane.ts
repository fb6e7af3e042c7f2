// The transport for everything: HTTP/1.1, HTTP/2 and TLS, through undici. It opens connections and gives each
// slot a Client of its own, so that no dispatch searches for one. The engine keeps every deadline except that
// of the connection.

import type { Socket, TcpSocketConnectOpts } from 'node:net';
import { connect as connectPlain } from 'node:net';
import { buildConnector, Client } from 'undici';
import { type Connecting, ConnectSweep } from '../socket/connect-sweep.ts';
import type { Lane, LaneOptions, Slot } from '../lane.ts';
import { LaneError } from '../lane-error.ts';
import { OriginAddresses } from '../socket/origin-addresses.ts';
import { USUAL_TRUST } from '../../model/messages.ts';
import { trustOptions } from '../tls/tls-trust.ts';
import { UndiciLeanSocket } from './undici-lean-socket.ts';
import { type RequestOptions, UndiciSlot } from './undici-slot.ts';

export interface UndiciLaneOptions extends LaneOptions {
  /**
   * `h1`: HTTP/1.1. `h2c`: HTTP/2, over plain TCP by prior knowledge; over TLS by ALPN, and one HTTP/1.1 request at a
   * time where the server declines it.
   * @default 'h1'
   */
  readonly protocol?: 'h1' | 'h2c';
  /**
   * Whether plain HTTP/1.1 goes over a socket that has only what undici uses (a shared read buffer, joined writes).
   * @default true
   */
  readonly isLean?: boolean;
}

/**
 * How long a connection may be idle before undici closes it, unless the server's own Keep-Alive hint is
 * shorter. Long enough that a slot stays connected for as long as the server allows.
 */
const KEEP_ALIVE_MS = 600_000;
/**
 * How long before the end that the server's Keep-Alive hint states a connection is no longer used. With
 * undici's own 2 s, `Keep-Alive: timeout=2` would need a new connection for each request.
 */
const KEEP_ALIVE_MARGIN_MS = 100;

/** A lane whose slots are undici Clients. @see LaneOptions */
export function openUndiciLane(options: UndiciLaneOptions): Lane {
  return new UndiciLane(options);
}

class UndiciLane implements Lane {
  readonly #options: UndiciLaneOptions;
  readonly #request: RequestOptions;
  readonly #sweep: ConnectSweep;
  readonly #slots = new Set<UndiciSlot>();
  readonly #sockets = new Set<Socket>();
  readonly #addresses: OriginAddresses;
  readonly #connectTls: ((...all: Parameters<buildConnector.connector>) => Socket) | undefined;
  #isClosed = false;

  constructor(options: UndiciLaneOptions) {
    this.#options = options;
    this.#sweep = new ConnectSweep(options.connectTimeoutMs);
    this.#addresses = new OriginAddresses(new URL(options.origin).hostname, options.lookup);
    const isHttp2 = options.protocol === 'h2c';
    if (options.origin.startsWith('https:')) {
      const trust = trustOptions(options.tls?.trust ?? USUAL_TRUST);
      const preferred = { allowH2: isHttp2, preferH2: isHttp2, timeout: 0, ...trust };
      const connector = buildConnector({ ...preferred, ...dialOptions(this.#addresses) });
      // The connector returns the socket at once; undici's types do not say so.
      this.#connectTls = connector as (...all: Parameters<typeof connector>) => Socket;
    }
    const headers = options.headers.flat();
    // `blocking` would keep every other request off the connection until an answer's head is in. Without
    // `reset: false` undici would close the connection after each HEAD; a server that sends a body there is
    // detected by the bytes that follow.
    const shared = { path: '/', headers, blocking: false, headersTimeout: 0, bodyTimeout: 0 };
    this.#request = {
      get: { ...shared, method: 'GET' },
      head: { ...shared, method: 'HEAD', reset: false },
    };
  }

  openSlot(): Slot {
    const { depth, maxHeaderBytes, onSurplus, origin, protocol } = this.#options;
    const isHttp2 = protocol === 'h2c';
    const client = new Client(origin, {
      connect: (target, callback) => this.#connect(slot, target, callback),
      pipelining: isHttp2 ? 1 : depth,
      maxHeaderSize: maxHeaderBytes,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(isHttp2 ? { h2Options: { maxConcurrentStreams: depth, useH2c: true } } : { allowH2: false }),
    });
    const slot = new UndiciSlot(client, this.#request, depth, !isHttp2, onSurplus);
    this.#slots.add(slot);
    return slot;
  }

  async close(reset: boolean): Promise<void> {
    this.#isClosed = true;
    const error = new LaneError('aborted', 'the lane was closed before the answer');
    const gone = [...this.#sockets].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    await Promise.all([...this.#slots].map((slot) => slot.close(reset, error)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(gone);
  }

  #connect(slot: UndiciSlot, target: buildConnector.Options, callback: buildConnector.Callback): void {
    if (this.#isClosed) {
      callback(new LaneError('aborted', 'the lane is closed'), null);
      return;
    }
    const { connectTimeoutMs, onConnection } = this.#options;
    let isOpen = false;
    const socket = this.#dial(target, (...[error, connected]) => {
      this.#sweep.remove(connecting);
      if (error !== null) {
        callback(error, null);
        return;
      }
      isOpen = true;
      slot.socket = connected;
      // Asking a socket for its peer is a system call: 21 us of each connection
      // (profiles/one-per-connection).
      if (this.#addresses.hasChoice) this.#addresses.prefer(connected.remoteAddress ?? '');
      onConnection('opened');
      callback(null, connected);
    });
    const connecting: Connecting = {
      expire: () =>
        socket.destroy(new LaneError('connect-timeout', `no connection within ${connectTimeoutMs} ms`)),
    };
    this.#sweep.add(connecting);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sweep.remove(connecting);
      this.#sockets.delete(socket);
      if (isOpen) onConnection('closed');
    });
  }

  #dial(target: buildConnector.Options, done: buildConnector.Callback): Socket {
    if (this.#connectTls !== undefined) return this.#connectTls(target, done);
    const address = {
      host: target.hostname,
      port: Number(target.port || 80),
      ...dialOptions(this.#addresses),
    };
    const { depth, isLean, protocol } = this.#options;
    const isHttp2 = protocol === 'h2c';
    const socket =
      isHttp2 || isLean === false
        ? connectPlain({ ...address, noDelay: true })
        : openLeanSocket(address, depth > 1);
    if (isHttp2) Object.assign(socket, { alpnProtocol: 'h2' });
    let isDone = false;
    socket.once('connect', () => {
      isDone = true;
      done(null, socket);
    });
    socket.on('error', (error) => {
      if (isDone) return;
      isDone = true;
      done(error, null);
    });
    return socket;
  }
}

/** undici's HTTP/1.1 client uses nothing of a net.Socket that a lean socket does not have. */
function openLeanSocket(target: TcpSocketConnectOpts, isJoining: boolean): Socket {
  return new UndiciLeanSocket(target, isJoining) as unknown as Socket;
}

/**
 * How long an address may take for its first connection. Longer than usual, because 10,000 connects are one
 * long turn.
 */
const FIRST_ATTEMPT_MS = 1_000;

/**
 * One lookup for each lane, and no race: the next address is tried after the one before has failed, or after
 * it was silent and never took a connection before.
 */
function dialOptions({ lookup, isAnyProven }: OriginAddresses) {
  const autoSelectFamilyAttemptTimeout = isAnyProven ? 2 ** 31 - 1 : FIRST_ATTEMPT_MS;
  return { lookup, autoSelectFamily: true, autoSelectFamilyAttemptTimeout };
}
