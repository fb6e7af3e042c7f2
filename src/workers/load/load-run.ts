// One worker's share of a load. Closed model: each position sends its next request when it is answered. Open
// model: a request is sent when it is due, by the next free position; where none is free it waits, and its
// response time runs meanwhile. Nothing is retried: a failure is an error of the service, as its users would
// see it.

import { Arrivals } from '../../measure/arrivals.ts';
import { nowMs } from '../../measure/clock.ts';
import { LOAD_CONTROL, type LoadTask } from '../../model/load/load-task.ts';
import { ORDER } from '../../model/messages.ts';
import { classify } from '../../transport/classify.ts';
import type { Lane, RequestPayload } from '../../transport/lane.ts';
import { LaneError } from '../../transport/lane-error.ts';
import { makeChooser } from './choose-request.ts';
import { DueRequests } from './due-requests.ts';
import { judgeAnswer } from './judge-answer.ts';
import { LoadAccount } from './load-account.ts';
import { type LoadConnection, LoadPosition, type LoadPositionOwner } from './load-position.ts';
import { Pacer } from './pacer.ts';

/** How often deadlines, orders and the end are checked. */
const SWEEP_MS = 50;
/** Most requests sent in one turn of the event loop, before answers are read. */
const TURN_COUNT = 256;
/**
 * Pause in the closed model after a connection could not be made: nothing else would hold the next attempt
 * back.
 */
const CLOSED_PAUSE_MS = 100;

/** What a run needs besides its task. */
export interface LoadLanes {
  /** One for each origin of the requests, in the order of `origins`. */
  readonly lanes: readonly Lane[];
  readonly origins: readonly string[];
}

export class LoadRun implements LoadPositionOwner {
  readonly keptBytes: number;
  readonly account: LoadAccount;
  readonly #task: LoadTask;
  readonly #lanes: LoadLanes;
  readonly #laneOf: readonly number[];
  readonly #payloads: readonly (RequestPayload | undefined)[];
  readonly #choose: (index: number) => number;
  readonly #control: Int32Array;
  readonly #due = new DueRequests();
  readonly #idle: LoadPosition[] = [];
  readonly #positions: LoadPosition[] = [];
  readonly #done = Promise.withResolvers<void>();
  readonly #arrivals: Arrivals | null;
  readonly #pacer: Pacer | null;
  #startMs = 0;
  /** Number of this worker's next request within its share. */
  #ownCount = 0;
  #measuredCount = 0;
  #openedClients = 0;
  #inFlight = 0;
  #pausedCount = 0;
  #isEnding = false;
  #isAborted = false;
  #isTurnComing = false;
  #drainFromMs = -1;

  constructor(task: LoadTask, lanes: LoadLanes) {
    this.#task = task;
    this.#lanes = lanes;
    const { requests, expect, limits } = task;
    this.keptBytes = expect.text !== null || expect.json !== null ? limits.maxCheckedBytes : 0;
    this.account = new LoadAccount(task);
    this.#laneOf = requests.map(({ origin }) => lanes.origins.indexOf(origin));
    this.#payloads = requests.map(({ headers, content }) =>
      headers.length === 0 && content === null ? undefined : { headers, content },
    );
    this.#choose = makeChooser(requests);
    this.#control = new Int32Array(task.shared.control);
    const { rate, seed, workerIndex, workerCount, shared } = task;
    const arrivals = rate === null ? null : { ...rate, seed, workerIndex, workerCount };
    this.#arrivals = arrivals === null ? null : new Arrivals(arrivals);
    this.#pacer = arrivals === null ? null : new Pacer(arrivals, shared, () => this.#sendDue());
  }

  /** Resolves when the share is ready to send its first request. */
  async ready(): Promise<void> {
    await this.#pacer?.ready();
  }

  async close(): Promise<void> {
    await this.#pacer?.[Symbol.asyncDispose]();
  }

  now(): number {
    return nowMs() - this.#startMs;
  }

  /**
   * Runs the share to its end. @param startMs zero of all times, on the machine's clock; in the open model it
   * is in the future
   */
  async run(startMs: number): Promise<void> {
    this.#startMs = startMs;
    this.account.start();
    const timer = setInterval(() => this.#sweep(), SWEEP_MS);
    try {
      if (this.#pacer === null) this.#beginClosed();
      await this.#done.promise;
    } finally {
      clearInterval(timer);
      this.account.noteUsage();
    }
  }

  sent(position: LoadPosition): void {
    const { connection } = position;
    if (!connection.isConnected) {
      connection.isConnected = true;
      this.account.connected(position.sentMs - Math.max(0, connection.connectingSinceMs));
      connection.connectingSinceMs = -1;
    }
    this.account.sent(position);
  }

  ended(position: LoadPosition): void {
    const atMs = this.now();
    const check = judgeAnswer(position, this.#task.expect);
    if (check === null) this.account.right(position, atMs);
    else this.account.wrong(position, check, atMs);
    this.#noteConnection(position);
    this.#free(position, atMs);
  }

  lost(position: LoadPosition, error: unknown): void {
    const atMs = this.now();
    if (this.#isAborted) this.account.unanswered(position);
    else this.account.failed(position, classify(error), atMs);
    this.#noteConnection(position);
    const wasSent = position.sentMs >= 0;
    if (this.#task.rate === null && !wasSent && !this.#isEnding) this.#pause(position);
    else this.#free(position, atMs);
  }

  /** Lets every client begin; each then goes on by itself. */
  #beginClosed(): void {
    for (let turn = 0; turn < TURN_COUNT; turn++) {
      const position = this.#openPosition();
      if (position === null) {
        this.#endIfDone();
        return;
      }
      this.#next(position);
    }
    setImmediate(() => this.#beginClosed());
  }

  /** A free position: an idle one, or one of a new client while more connections are allowed. */
  #takePosition(): LoadPosition | null {
    return this.#idle.pop() ?? this.#openPosition();
  }

  /** Opens one more client with its positions; null where no more are allowed. */
  #openPosition(): LoadPosition | null {
    const { connectionCount, depth } = this.#task;
    if (this.#positions.length < this.#openedClients * depth) {
      const first = this.#positions.at(-1) as LoadPosition;
      return this.#addPosition(first.connections);
    }
    if (this.#openedClients >= connectionCount) return null;
    this.#openedClients++;
    const connections = this.#lanes.lanes.map(
      (lane): LoadConnection => ({
        slot: lane.openSlot(),
        isConnected: false,
        connectingSinceMs: -1,
      }),
    );
    return this.#addPosition(connections);
  }

  #addPosition(connections: readonly LoadConnection[]): LoadPosition {
    const position = new LoadPosition(connections, this);
    this.#positions.push(position);
    return position;
  }

  /** Closed model: lets a free position send the next request, if there is one. */
  #next(position: LoadPosition): void {
    const { requestCount, totalMs } = this.#task;
    const atMs = this.now();
    if (this.#isEnding || (totalMs !== null && atMs >= totalMs)) return;
    if (requestCount !== null && this.account.isMeasured(atMs)) {
      const index = Atomics.add(this.#control, LOAD_CONTROL.taken, 1);
      if (index >= requestCount) return;
      this.account.asked(atMs);
      this.#begin(position, index, atMs);
      return;
    }
    const { workerIndex, workerCount } = this.#task;
    this.account.asked(atMs);
    this.#begin(position, workerIndex + this.#ownCount++ * workerCount, atMs);
  }

  /** Open model: sends what is due, a limited number in each turn so that answers are read as well. */
  #sendDue(): void {
    const arrivals = this.#arrivals;
    if (arrivals === null || this.#isTurnComing || this.#isEnding) return;
    const { workerIndex, workerCount, requestCount, maxOwed } = this.#task;
    for (let turn = 0; arrivals.nextMs <= this.now(); turn++) {
      if (turn === TURN_COUNT) {
        this.#isTurnComing = true;
        setImmediate(() => {
          this.#isTurnComing = false;
          this.#sendDue();
        });
        return;
      }
      const isMeasured = this.account.isMeasured(arrivals.nextMs);
      if (requestCount !== null && isMeasured && this.#measuredCount++ >= this.#ownRequests(requestCount)) {
        this.#end();
        break;
      }
      const index = workerIndex + this.#ownCount++ * workerCount;
      const dueMs = arrivals.take();
      this.account.asked(dueMs);
      const position = this.#due.count > 0 ? null : this.#takePosition();
      if (position !== null) {
        position.hasWaited = false;
        this.#begin(position, index, dueMs);
      } else if (this.#inFlight + this.#due.count < maxOwed) {
        this.account.tally.add('noneFree', 1);
        this.#due.push(index, dueMs);
      } else {
        this.account.tally.add('noneFree', 1);
        this.account.unsent(dueMs);
      }
    }
    this.account.tally.set('waiting', this.#due.count);
    if (arrivals.nextMs === Number.POSITIVE_INFINITY) this.#end();
  }

  /** This worker's part of the requests of an open load. */
  #ownRequests(requestCount: number): number {
    const { workerIndex, workerCount } = this.#task;
    return Math.floor((requestCount - workerIndex + workerCount - 1) / workerCount);
  }

  #begin(position: LoadPosition, index: number, dueMs: number): void {
    const requestIndex = this.#choose(index);
    const lane = this.#laneOf[requestIndex] as number;
    const connection = position.connections[lane] as LoadConnection;
    if (connection.isConnected && !connection.slot.isOpen) connection.isConnected = false;
    if (!connection.isConnected && connection.connectingSinceMs < 0)
      connection.connectingSinceMs = this.now();
    this.account.tally.set('inFlight', ++this.#inFlight);
    const request = this.#task.requests[requestIndex];
    if (request !== undefined)
      position.begin(request, requestIndex, this.#payloads[requestIndex], connection, dueMs);
  }

  #noteConnection({ connection }: LoadPosition): void {
    if (!connection.slot.isOpen) connection.isConnected = false;
    connection.connectingSinceMs = -1;
  }

  #free(position: LoadPosition, atMs: number): void {
    position.isOpen = false;
    this.account.tally.set('inFlight', --this.#inFlight);
    if (this.#task.rate === null) {
      this.#next(position);
      if (!position.isOpen) this.#endIfDone();
      return;
    }
    if (this.#due.count > 0) {
      const { index, dueMs } = this.#due.shift();
      position.hasWaited = true;
      this.#begin(position, index, dueMs);
    } else {
      this.#idle.push(position);
    }
    if (this.#arrivals !== null && this.#arrivals.nextMs <= atMs) this.#sendDue();
    this.#endIfDone();
  }

  /** Closed model: lets a client rest whose connection could not be made. */
  #pause(position: LoadPosition): void {
    position.isOpen = false;
    this.account.tally.set('inFlight', --this.#inFlight);
    this.#pausedCount++;
    setTimeout(() => {
      this.#pausedCount--;
      this.#next(position);
      if (!position.isOpen) this.#endIfDone();
    }, CLOSED_PAUSE_MS);
  }

  #sweep(): void {
    const atMs = this.now();
    const order = Atomics.load(this.#control, LOAD_CONTROL.order);
    this.account.noteUsage();
    if (order === ORDER.abort) {
      this.#end();
      this.#abort();
      return;
    }
    const { totalMs, drainMs, limits } = this.#task;
    // An open load ends with its last due request, however late this check comes.
    const isOver = this.#arrivals === null && totalMs !== null && atMs >= totalMs;
    if (order === ORDER.drain || isOver) this.#end();
    else this.#sendDue();
    if (this.#drainFromMs >= 0 && atMs - this.#drainFromMs >= drainMs) {
      this.#abort();
      return;
    }
    for (const position of this.#positions) {
      if (!position.isOpen || position.sentMs < 0 || atMs - position.sentMs <= limits.timeoutMs) continue;
      const code = position.headMs < 0 ? 'first-byte-timeout' : 'total-timeout';
      position.connection.slot.cancel(
        position,
        new LaneError(code, `no whole answer within ${limits.timeoutMs} ms`),
      );
    }
    this.#endIfDone();
  }

  /**
   * Begins nothing more. Requests that are due and wait for a connection still go out during the wait for
   * late answers.
   */
  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#drainFromMs = this.now();
    this.#endIfDone();
  }

  /** Ends everything that is in flight or waits. */
  #abort(): void {
    this.#isAborted = true;
    while (this.#due.count > 0) this.account.unsent(this.#due.shift().dueMs);
    const error = new LaneError('aborted', 'the time to wait for answers is over');
    for (const position of this.#positions)
      if (position.isOpen) position.connection.slot.cancel(position, error);
    this.#endIfDone();
  }

  #endIfDone(): void {
    const { rate, requestCount } = this.#task;
    if (this.#inFlight > 0 || this.#due.count > 0) return;
    const isTaken =
      rate === null &&
      this.#pausedCount === 0 &&
      requestCount !== null &&
      Atomics.load(this.#control, LOAD_CONTROL.taken) >= requestCount;
    if (this.#isEnding || isTaken) this.#done.resolve();
  }
}
