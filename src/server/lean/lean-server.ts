// The lean server for trials: reads `GET /:n`, delays it and answers it, with many answers in one write and
// one timer for all. When anything else arrives, the connection goes to the full HTTP server with its bytes,
// and stays there.

import type { Connection } from '../connection.ts';
import { DelayQueue } from '../delay-queue.ts';
import { LeanAnswers } from './lean-answers.ts';
import { LeanConnection } from './lean-connection.ts';
import type { LeanOwner, TrialBatch } from './lean-connection.ts';
import { LeanParser } from './lean-parser.ts';
import type { RouteContext } from '../route-context.ts';
import { TRIAL_ANSWERS } from '../trial-answer.ts';

/** How long a connection may be idle with nothing owed to it. */
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

  /**
   * @param handOver gets a connection with its socket paused and unread bytes put back, and must resume it
   */
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

  /** Called when the connection closed or was given to the full server. */
  forget(lean: LeanConnection): void {
    this.#connections.delete(lean);
  }

  /** Queues the answers of one read. @param receivedMs when the bytes arrived */
  receive(batch: TrialBatch, receivedMs: number): void {
    const { count } = batch;
    const { connection } = batch.lean;
    connection.owedTrials += count;
    connection.waitingCount += count;
    this.#context.counters.trials.receive(count);
    if (this.#context.facts.delayMs === 0) this.#release([batch]);
    else this.#queue.add(batch, receivedMs);
  }

  /** Answers all due batches of a connection together, whatever reads they came from. */
  #release(due: readonly TrialBatch[]): void {
    const leans: LeanConnection[] = [];
    for (const batch of due) if (batch.lean.addDue(batch)) leans.push(batch.lean);
    this.#answers.startTurn();
    for (const lean of leans) {
      const first = lean.takeDue();
      const { isClosed, socket } = lean.connection;
      // What was owed to this connection was counted as abandoned when it closed.
      if (isClosed || first === undefined) continue;
      for (let batch: TrialBatch | undefined = first; batch !== undefined; batch = batch.next)
        this.#write(lean, batch);
      this.#answers.flush(socket);
      if (socket.writableLength === 0) {
        this.#settle(lean, first);
      } else {
        // The callback runs when the kernel has everything written before.
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

  /** Called when the kernel has taken the answers. */
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
