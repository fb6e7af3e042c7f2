// One request in flight of a load: notes when things happen, and keeps only that part of the body that is
// checked. Its owner, LoadRun, decides what follows.

import type { LoadRequest } from '../../model/load/load-task.ts';
import type { Exchange, HeaderView, Reached, RequestPayload, Slot } from '../../transport/lane.ts';

/** What a position tells its owner; the last two end its request. */
export interface LoadPositionOwner {
  /** Milliseconds since the gate was opened. */
  now(): number;
  /** How many bytes of a body are kept for the checks; 0 for none. */
  readonly keptBytes: number;
  sent(position: LoadPosition): void;
  ended(position: LoadPosition): void;
  lost(position: LoadPosition, error: unknown, reached: Reached): void;
}

/** One of the connections that a position may use: there is one for each origin. */
export interface LoadConnection {
  readonly slot: Slot;
  /** True once a request has gone out on the present connection. */
  isConnected: boolean;
  /** When the first request began to wait for this connection; -1 while none waits. */
  connectingSinceMs: number;
}

export class LoadPosition implements Exchange {
  /** By the index of their origin; all positions of one client share them. */
  readonly connections: readonly LoadConnection[];
  readonly #owner: LoadPositionOwner;
  method = 'GET';
  path = '/';
  payload: RequestPayload | undefined;
  /** Index of its request among those of the load. */
  requestIndex = 0;
  connection: LoadConnection;
  isOpen = false;
  dueMs = 0;
  begunMs = 0;
  /** True where it was due while no connection was free. */
  hasWaited = false;
  /** -1 until it is sent. */
  sentMs = -1;
  headMs = -1;
  status = 0;
  type = '';
  bytes = 0;
  body: Uint8Array[] = [];
  #keptBytes = 0;

  constructor(connections: readonly LoadConnection[], owner: LoadPositionOwner) {
    this.connections = connections;
    this.connection = connections[0] as LoadConnection;
    this.#owner = owner;
  }

  begin(
    request: LoadRequest,
    requestIndex: number,
    payload: RequestPayload | undefined,
    connection: LoadConnection,
    dueMs: number,
  ): void {
    this.method = request.method;
    this.path = request.path;
    this.payload = payload;
    this.requestIndex = requestIndex;
    this.connection = connection;
    this.isOpen = true;
    this.dueMs = dueMs;
    this.begunMs = this.#owner.now();
    this.sentMs = -1;
    this.headMs = -1;
    this.status = 0;
    this.type = '';
    this.bytes = 0;
    this.#keptBytes = 0;
    if (this.body.length > 0) this.body = [];
    connection.slot.send(this);
  }

  onSent(): void {
    this.sentMs = this.#owner.now();
    this.#owner.sent(this);
  }

  onHead(status: number, headers: HeaderView): void {
    this.headMs = this.#owner.now();
    this.status = status;
    this.type = headers.get('content-type') ?? '';
  }

  onData(chunk: Uint8Array, start: number, end: number): void {
    this.bytes += end - start;
    const left = this.#owner.keptBytes - this.#keptBytes;
    if (left <= 0) return;
    const piece = chunk.slice(start, Math.min(end, start + left));
    this.#keptBytes += piece.length;
    this.body.push(piece);
  }

  onEnd(): void {
    this.#owner.ended(this);
  }

  onError(error: unknown, reached: Reached): void {
    this.#owner.lost(this, error, reached);
  }
}
