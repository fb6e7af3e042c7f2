// One worker's share of a run: which trial goes through which position, and what follows when it settles.
// Each slot is one connection and sends its next trial from inside the last answer, so nothing is searched or
// queued. It knows no transport (lane.ts is the interface) and no other thread, only the memory it writes.

import { nowMs } from '../../measure/clock.ts';
import { FAILURES, type FailureCode } from '../../model/errors.ts';
import { CONTROL, ORDER, type TrialFailure, type TrialTask } from '../../model/messages.ts';
import { classify, describeError } from '../../transport/classify.ts';
import type { Reached } from '../../transport/lane.ts';
import { LaneError } from '../../transport/lane-error.ts';
import { AnswerReader } from './answer-reader.ts';
import { LostTrials } from './lost-trials.ts';
import { judgeLostAttempt } from './retry.ts';
import { MOST_SILENT_ATTEMPTS, Silence } from './silence.ts';
import { isPaused, noteAnswer, noteRefusal, noteShortLife } from './slot-health.ts';
import { TrialAccount } from './trial-account.ts';
import { TrialDeadlines } from './trial-deadlines.ts';
import type { SlotState, TrialExchange, TrialExchangeOwner } from './trial-exchange.ts';
import { TrialQueue } from './trial-queue.ts';
import { type PlannedSlot, type TrialLanes, TrialSlots } from './trial-slots.ts';

/** How often deadlines and orders are checked, by one timer for each worker, whatever is in flight. */
const SWEEP_MS = 50;
/**
 * Trials begun in one turn of the event loop while connections are opened, so that the first connections can
 * be made meanwhile.
 */
const RAMP_COUNT = 2000;

/**
 * Made before the gate opens, with all slots and positions that the share may need: making 25,000 positions
 * takes 50 ms, and collecting their garbage as much again. The clocks start with `run`.
 */
export class TrialRun implements TrialExchangeOwner {
  sweepNumber = 1;
  readonly answers = new AnswerReader();
  readonly #task: TrialTask;
  readonly #slots: TrialSlots;
  readonly #queue: TrialQueue;
  readonly #account: TrialAccount;
  readonly #control: Int32Array;
  readonly #lost = new LostTrials();
  readonly #silence = new Silence();
  readonly #positions: TrialExchange[] = [];
  #startMs = 0;
  readonly #deadlines: TrialDeadlines;
  readonly #done = Promise.withResolvers<void>();
  #idle: TrialExchange[] = [];
  /** Free positions whose address has just refused a connection. */
  #paused: TrialExchange[] = [];
  /** Free positions that need a connection while as many are being made as the plan allows. */
  #turnedAway: TrialExchange[] = [];
  /** True where more slots are opened in the next turn. */
  #isRampComing = false;
  #inFlight = 0;
  #delayed = 0;

  constructor(task: TrialTask, lanes: TrialLanes) {
    this.#task = task;
    this.#slots = new TrialSlots(task, lanes, this);
    this.#queue = new TrialQueue(task.ranges);
    this.#deadlines = new TrialDeadlines(task.limits, SWEEP_MS);
    this.#account = new TrialAccount(task);
    this.#control = new Int32Array(task.ledger.control);
  }

  /**
   * Runs the share to its end. Resolves when every trial is settled or, after an order to stop, what was in
   * flight.
   */
  async run(): Promise<readonly TrialFailure[]> {
    this.#startMs = nowMs();
    this.#account.start(this.#startMs);
    const timer = setInterval(() => this.#onSweep(), SWEEP_MS);
    try {
      this.#ramp();
      this.#endIfDone();
      await this.#done.promise;
    } finally {
      clearInterval(timer);
      this.#account.noteUsage();
    }
    return this.#account.failures;
  }

  /** Ends every connection by RST, so that the next run finds no port in TIME_WAIT. */
  async close(): Promise<void> {
    await this.#slots.close();
  }

  nowUs(): number {
    return Math.round((nowMs() - this.#startMs) * 1e3);
  }

  exchangeSent(position: TrialExchange): void {
    this.#account.sent(position.trial, position.sentAtUs >= 0);
    position.sentAtUs = this.nowUs();
    const { slot } = position;
    if (slot.connected) return;
    slot.connected = true;
    slot.answers = 0;
    slot.isStalled = false;
    slot.refusals = 0;
    this.#account.connected(position.sentAtUs - position.dispatchedAtUs);
    this.#slots.endConnecting(slot);
    this.#connectMore();
  }

  exchangeEnded(position: TrialExchange): void {
    const { slot, trial } = position;
    this.#silence.heard();
    noteAnswer(slot);
    if (position.status < 200 || position.status > 299) {
      this.#settleFailed(trial, 'http-status', `expected a status of 2xx, got ${position.status}`);
    } else if (!position.isRight) {
      this.#settleFailed(trial, 'wrong-answer', `expected the answer ${trial}, got ${position.describe()}`);
      // The connection brought the answer of another trial, so no later answer on it can be trusted.
      slot.slot.reset(new LaneError('connection-lost', 'a wrong answer came on the same connection'));
    } else {
      const { dispatchedAtUs } = position;
      const startedAtUs = this.#lost.size > 0 ? this.#lost.takeStart(trial, dispatchedAtUs) : dispatchedAtUs;
      this.#account.answered(position, startedAtUs, this.nowUs());
    }
    this.#free(position);
  }

  exchangeLost(position: TrialExchange, error: unknown, reached: Reached): void {
    const { slot, trial } = position;
    const code = this.#codeOf(slot, error);
    const verdict = judgeLostAttempt({
      code,
      reached,
      charged: this.#lost.chargedTo(trial),
      maxRetries: this.#task.limits.maxRetries,
      connectionWasUseful: slot.answers > 0,
      canShrink: !slot.connected && (slot.retired || this.#slots.isSpare(slot)),
      random: Math.random(),
    });
    this.#noteLostConnection(slot, code, reached);
    if (reached !== 'queued-behind') this.#silence.lost(code, position.activeInSweep > 0);
    if (verdict.kind === 'settle' || this.#silence.isTooLong) {
      this.#settleFailed(trial, code, describeError(error));
      if (this.#silence.isTooLong) this.#giveUp(code);
    } else {
      this.#account.comesAgain(trial, position.sentAtUs >= 0, verdict.kind);
      this.#lost.add(trial, position.dispatchedAtUs, verdict.kind === 'retry');
      if (verdict.kind === 'hand-over') {
        this.#queue.handOver(trial);
        this.#replaceByFallback(slot);
      } else {
        this.#putBack(trial, verdict.kind === 'retry' ? verdict.delayMs : 0);
      }
    }
    this.#free(position);
  }

  #codeOf(slot: SlotState, error: unknown): FailureCode {
    if (this.#order === ORDER.abort) return 'aborted';
    const code = classify(error);
    return code === 'connection-lost' && slot.isStalled && slot.answers === 0 ? 'first-byte-timeout' : code;
  }

  get #order(): number {
    return Atomics.load(this.#control, CONTROL.order);
  }

  /** Opens slots while trials wait and the plan allows more connections to be made at once. */
  #ramp(): void {
    if (this.#isRampComing) return;
    let begunCount = 0;
    while (
      this.#slots.mayOpen &&
      this.#inFlight < this.#task.maxInFlight &&
      this.#queue.hasNext &&
      this.#order === ORDER.run
    ) {
      if (begunCount >= RAMP_COUNT) {
        this.#isRampComing = true;
        setImmediate(() => {
          this.#isRampComing = false;
          this.#ramp();
        });
        return;
      }
      const planned = this.#slots.openNext();
      this.#fill(planned);
      begunCount += planned.positions.length;
    }
  }

  /** Starts as many positions of a slot as there are trials for. */
  #fill({ state, positions }: PlannedSlot): void {
    for (const position of positions) {
      if (!this.#queue.hasNext && !(state.isFallback && this.#queue.hasHandedOver)) break;
      this.#positions.push(position);
      this.#dispatchNext(position);
    }
  }

  /** Gives a free position the next trial and sends it, or puts it on the list of what it waits for. */
  #dispatchNext(position: TrialExchange): void {
    const { slot } = position;
    if (slot.retired) return;
    if (isPaused(slot, this.sweepNumber)) {
      this.#paused.push(position);
      return;
    }
    const mayGo =
      this.#inFlight < this.#task.maxInFlight && slot.inFlight < slot.slot.depth && this.#order === ORDER.run;
    if (mayGo && this.#queue.hasNext && !this.#slots.mayUse(slot)) {
      this.#turnedAway.push(position);
      return;
    }
    const trial = mayGo ? this.#queue.take(slot.isFallback) : -1;
    if (trial < 0) {
      this.#idle.push(position);
      return;
    }
    this.#slots.beginConnecting(slot);
    slot.inFlight++;
    this.#account.begun(trial, ++this.#inFlight);
    position.begin(trial);
    slot.slot.send(position);
  }

  /** A connection was made or given up, so others may begin. */
  #connectMore(): void {
    while (this.#turnedAway.length > 0 && this.#slots.mayConnect)
      this.#dispatchNext(this.#turnedAway.pop() as TrialExchange);
    this.#ramp();
  }

  #free(position: TrialExchange): void {
    const { slot } = position;
    position.trial = -1;
    if (--slot.inFlight === 0) this.#slots.endConnecting(slot);
    this.#account.inFlight(--this.#inFlight);
    this.#dispatchNext(position);
    this.#endIfDone();
  }

  /** Trials came back or a limit moved, so positions that found no trial look again. */
  #wakeIdle(): void {
    if (this.#idle.length > 0 && (this.#queue.hasNext || this.#queue.hasHandedOver)) {
      const waiting = this.#idle;
      this.#idle = [];
      for (const position of waiting) this.#dispatchNext(position);
    }
    this.#ramp();
  }

  #replaceByFallback(slot: SlotState): void {
    void this.#slots.retireForFallback(slot)?.then((lane) => {
      if (this.#order === ORDER.run) this.#fill(this.#slots.openOnFallback(lane));
    });
  }

  #putBack(trial: number, delayMs: number): void {
    if (delayMs === 0) {
      this.#queue.putBack(trial);
      return;
    }
    this.#delayed++;
    setTimeout(() => {
      this.#delayed--;
      this.#queue.putBack(trial);
      if (this.#silence.isTooLong) this.#giveUp('first-byte-timeout');
      this.#wakeIdle();
      this.#endIfDone();
    }, delayMs);
  }

  /** The server is silent as a whole: trials that were not sent yet fail with the same code, without being sent. */
  #giveUp(code: FailureCode): void {
    const message = `${MOST_SILENT_ATTEMPTS} attempts brought no byte: the server is given up as a whole`;
    for (let trial = this.#queue.take(true); trial >= 0; trial = this.#queue.take(true))
      this.#settleFailed(trial, code, message);
  }

  #settleFailed(trial: number, code: FailureCode, message: string): void {
    this.#account.failed({ trial, code, message, attempts: this.#lost.chargedTo(trial) + 1 });
    this.#lost.delete(trial);
  }

  #noteLostConnection(slot: SlotState, code: FailureCode, reached: Reached): void {
    if (!slot.connected) {
      if (FAILURES[code].shrink && this.#slots.shrink(slot)) this.#account.shrunk(code);
      if (code === 'connect-refused') noteRefusal(slot, this.sweepNumber, SWEEP_MS, Math.random());
      return;
    }
    if (code === 'connection-lost') noteShortLife(slot);
    if (reached === 'unsent') return;
    slot.connected = false;
  }

  #onSweep(): void {
    this.sweepNumber++;
    this.#account.noteUsage();
    if (this.#order === ORDER.abort) {
      this.#done.resolve();
      return;
    }
    if (this.sweepNumber % this.#deadlines.sweepsPerCheck === 0) this.#checkDeadlines();
    this.#idle = this.#idle.concat(this.#paused, this.#turnedAway);
    this.#paused = [];
    this.#turnedAway = [];
    this.#wakeIdle();
    this.#endIfDone();
  }

  #checkDeadlines(): void {
    const nowUs = this.nowUs();
    for (const position of this.#positions) {
      if (position.trial < 0) continue;
      const passed = this.#deadlines.passed(position, nowUs, this.sweepNumber);
      if (passed === null) continue;
      const { slot } = position;
      slot.isStalled = slot.answers === 0;
      slot.slot.cancel(position, new LaneError(passed.code, passed.message));
    }
  }

  #endIfDone(): void {
    if (this.#inFlight > 0) return;
    const isStopped = this.#order !== ORDER.run;
    if (!isStopped && (this.#delayed > 0 || this.#queue.hasNext || this.#queue.hasHandedOver)) return;
    this.#done.resolve();
  }
}
