// The lean way to answer trials: `GET /:n` is read, held back and answered here, many in one write and all by one
// timer. A connection on which anything else comes goes to the full HTTP server, bytes and all, and stays there.

import type { Connection } from '../connection.ts';
import { DelayQueue } from '../delay-queue.ts';
import { LeanAnswers } from './lean-answers.ts';
import { LeanConnection } from './lean-connection.ts';
import type { LeanOwner, TrialBatch } from './lean-connection.ts';
import { LeanParser } from './lean-parser.ts';
import type { RouteContext } from '../route-context.ts';
import { TRIAL_ANSWERS } from '../trial-answer.ts';

/** How long a connection may rest with nothing owed to it. */
const IDLE_MS = 75_000;
const SWEEP_MS = 15_000;

export class LeanServer implements LeanOwner {
  readonly parser = new LeanParser();
  readonly items: number;
  readonly handOver: (connection: Connection) => void;
  readonly #context: RouteContext;
  readonly #answers: LeanAnswers;
  readonly #queue: DelayQueue<TrialBatch>;
  readonly #connections = new Set<LeanConnection>();

  /** @param handOver takes a connection with its socket paused and the unread bytes put back; must resume it */
  constructor(context: RouteContext, handOver: (connection: Connection) => void) {
    this.#context = context;
    this.items = context.facts.items;
    this.#answers = new LeanAnswers(TRIAL_ANSWERS[context.facts.answer]);
    this.handOver = handOver;
    this.#queue = new DelayQueue(context.facts.delayMs, (due) => {
      this.#release(due);
    });
    setInterval(() => {
      this.#endIdle();
    }, SWEEP_MS).unref();
  }

  accept(connection: Connection): void {
    const lean = new LeanConnection(this, connection);
    this.#connections.add(lean);
  }

  /** The connection closed, or is the full server's now. */
  forget(lean: LeanConnection): void {
    this.#connections.delete(lean);
  }

  /** Owes the answers of one read. @param receivedMs when the bytes had come */
  receive(batch: TrialBatch, receivedMs: number): void {
    const { count } = batch;
    const { connection } = batch.lean;
    connection.owedTrials += count;
    connection.waitingCount += count;
    this.#context.counters.trials.receive(count);
    if (this.#context.facts.delayMs === 0) this.#release([batch]);
    else this.#queue.add(batch, receivedMs);
  }

  /** Answers all batches of a connection together, however many reads they came from. */
  #release(due: readonly TrialBatch[]): void {
    const leans: LeanConnection[] = [];
    for (const batch of due) if (batch.lean.addDue(batch)) leans.push(batch.lean);
    this.#answers.startTurn();
    for (const lean of leans) {
      const first = lean.takeDue();
      const { isClosed, socket } = lean.connection;
      // What was owed to a closed connection was given up when it closed.
      if (isClosed || first === undefined) continue;
      for (let batch: TrialBatch | undefined = first; batch !== undefined; batch = batch.next)
        this.#write(lean, batch);
      this.#answers.flush(socket);
      if (socket.writableLength === 0) {
        this.#settle(lean, first);
      } else {
        // Called when all that was written before is with the kernel.
        socket.write('', () => this.#settle(lean, first));
        lean.holdBack();
      }
    }
  }

  #write(lean: LeanConnection, batch: TrialBatch): void {
    const { connection } = lean;
    const { numbers, count } = batch;
    connection.waitingCount -= count;
    const isLast = this.#context.isDraining && connection.waitingCount === 0 && !lean.isHandingOver;
    for (let index = 0; index < count; index += 1) {
      const number = typeof numbers === 'number' ? numbers : (numbers[index] as number);
      if (isLast && index === count - 1) this.#answers.addLast(connection.socket, number);
      else this.#answers.add(connection.socket, number);
    }
  }

  /** The kernel has taken the answers. */
  #settle(lean: LeanConnection, first: TrialBatch): void {
    if (lean.connection.isClosed) return;
    const { trials } = this.#context.counters;
    for (let batch: TrialBatch | undefined = first; batch !== undefined; batch = batch.next) {
      const { numbers, count } = batch;
      lean.connection.owedTrials -= count;
      if (typeof numbers === 'number') trials.answer(numbers);
      else for (let index = 0; index < count; index += 1) trials.answer(numbers[index] as number);
    }
    lean.settled();
  }

  #endIdle(): void {
    const nowMs = performance.now();
    for (const { connection, lastReadMs } of this.#connections) {
      if (connection.owesNothing && nowMs - lastReadMs > IDLE_MS) connection.socket.destroySoon();
    }
  }
}
