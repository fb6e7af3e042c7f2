// One request in flight of a load: it notes when things happen and keeps of the body only what is checked. What follows
// is decided by its owner, LoadRun.

import type { LoadRequest } from '../../model/load/load-task.ts';
import type { Exchange, HeaderView, Reached, RequestPayload, Slot } from '../../transport/lane.ts';

/** What a position tells its owner; the last two end its request. */
export interface LoadPositionOwner {
  /** Milliseconds since the gate was opened. */
  now(): number;
  /** How many bytes of a body are kept to be checked; 0: none. */
  readonly keptBytes: number;
  sent(position: LoadPosition): void;
  ended(position: LoadPosition): void;
  lost(position: LoadPosition, error: unknown, reached: Reached): void;
}

/** One of the connections that a position may use: one for each origin that is asked for. */
export interface LoadConnection {
  readonly slot: Slot;
  /** A request has gone out on the connection that stands now. */
  isConnected: boolean;
  /** When its first request began to wait for a connection; -1 when none does. */
  connectingSinceMs: number;
}

export class LoadPosition implements Exchange {
  /** By the index of an origin; the positions of one client share them. */
  readonly connections: readonly LoadConnection[];
  readonly #owner: LoadPositionOwner;
  method = 'GET';
  path = '/';
  payload: RequestPayload | undefined;
  /** Which of the requests it is. */
  requestIndex = 0;
  connection: LoadConnection;
  isOpen = false;
  dueMs = 0;
  begunMs = 0;
  /** It was due while no connection was free. */
  hasWaited = false;
  /** -1 before it was sent. */
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
