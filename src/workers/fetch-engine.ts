// A worker's share of a fetch: takes targets, keeps as many attempts open as the budgets allow, and settles each target
// once. A job is in exactly one of four places: fresh, parked at its origin, waiting for its retry, or in flight.

import { nowMs } from '../measure/clock.ts';
import type { Tally } from '../measure/tally.ts';
import type { SpillwayError } from '../model/errors.ts';
import { type FetchTask, GAUGES } from '../model/fetch-task.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Target } from '../model/target.ts';
import type { Sink } from '../sinks/sink.ts';
import { type AttemptEnd, type AttemptFailure, attemptFailure } from './attempt-end.ts';
import { type AttemptContext, FetchAttempt } from './fetch-attempt.ts';
import { FetchHeaders } from './fetch-headers.ts';
import { FetchJob } from './fetch-job.ts';
import type { FetchRoutes } from './fetch-routes.ts';
import { failedOutcome, okOutcome, skippedOutcome } from './job-outcomes.ts';
import { NextAttempt } from './next-attempt.ts';
import { OriginBudgets } from './origin-budgets.ts';
import { RateHold } from './rate-hold.ts';
import { WaitingJobs } from './waiting-jobs.ts';

/** One timer looks after every deadline, pause and retry. */
const SWEEP_MS = 25;
/** A sweep that comes this late was held up by this thread itself; deadlines do not run while nothing is read. */
const LATE_SWEEP_MS = 500;
/** Jobs let go at an origin in one sweep after a pause: it is probed, not stormed. */
const PROBE_COUNT = 2;

export interface EngineParts {
  readonly task: FetchTask;
  readonly sink: Sink;
  readonly routes: FetchRoutes;
  readonly tally: Tally;
  /** Called once for every target that was accepted. */
  readonly onSettled: (outcome: Outcome) => void;
  /** The sink gave up: nothing more is taken, and what is in flight is let go. */
  readonly onBroken: (error: SpillwayError) => void;
}

export class FetchEngine {
  readonly #parts: EngineParts;
  readonly #budgets: OriginBudgets;
  readonly #headers: FetchHeaders;
  readonly #gauges: Float64Array;
  readonly #attempts = new Set<FetchAttempt>();
  readonly #context: AttemptContext;
  readonly #next: NextAttempt;
  readonly #waiting = new WaitingJobs();
  readonly #hold: RateHold;
  readonly #sweepTimer: NodeJS.Timeout;
  readonly #done = Promise.withResolvers<void>();
  #maxInFlight: number;
  /** Places of attempts that ended since the last turn. */
  readonly #freed: number[] = [];
  #sweptAtMs = nowMs();
  /** Time that this thread itself stood still; deadlines are measured without it. */
  #stoodStillMs = 0;
  #isEnding = false;
  #isStopped = false;
  #isPumping = false;

  constructor(parts: EngineParts) {
    const { task, tally } = parts;
    this.#parts = parts;
    this.#budgets = new OriginBudgets(task.shared, task.budgets);
    this.#headers = new FetchHeaders(task.request);
    this.#gauges = new Float64Array(task.gauges);
    this.#maxInFlight = task.maxInFlight;
    this.#hold = new RateHold(() => {
      this.#unparkAll(this.#maxInFlight);
      this.#pump();
    });
    this.#next = new NextAttempt({
      limits: task.limits,
      budgets: this.#budgets,
      tally,
      gauges: this.#gauges,
      onShrink: () => {
        const most = Math.min(this.#maxInFlight, this.#attempts.size + 1);
        this.#maxInFlight = Math.max(1, Math.floor(most * 0.8));
      },
    });
    this.#context = {
      sink: parts.sink,
      limits: task.limits,
      isDecoding: task.request.bytes === 'decoded',
      onSent: () => tally.add('attemptsSent', 1),
      onBytes: (bytes) => {
        tally.add('bytesReceived', bytes);
        const waitMs = this.#budgets.chargeBytesMs(bytes);
        // Small bodies come whole in one read: what holds their rate is that nothing new is asked for.
        if (waitMs > 0) this.#hold.holdFor(waitMs);
        return waitMs;
      },
      onOver: (attempt, end) => this.#onOver(attempt, end),
    };
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Resolves when `end` or `stop` was called and every accepted target is settled. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  accept(targets: readonly Target[]): void {
    for (const target of targets) {
      const job = new FetchJob(target);
      if (this.#isStopped) this.#skip(job);
      else this.#waiting.addFresh(job);
    }
    this.#pump();
  }

  /** No more targets will come. */
  end(): void {
    this.#isEnding = true;
    this.#finishIfIdle();
  }

  /** Takes nothing new: what has not begun is skipped, what is in flight ends by itself, or at once if `isCut`. */
  stop(isCut: boolean): void {
    this.#isStopped = true;
    this.#isEnding = true;
    for (const job of this.#waiting.takeAll()) this.#skip(job);
    if (isCut) for (const attempt of this.#attempts) attempt.cut('the run was stopped');
    this.#finishIfIdle();
  }

  /** Begins whatever may begin now. */
  #pump(): void {
    // An attempt that ends inside `send` comes back here.
    if (this.#isPumping || this.#isStopped) return;
    this.#isPumping = true;
    const now = nowMs();
    while (this.#attempts.size < this.#maxInFlight && !this.#hold.isHolding) {
      const job = this.#waiting.takeReady(now);
      if (job === undefined) break;
      // Whoever came first to a full or paused origin goes first.
      if (this.#waiting.parking.countAt(job.place) > 0 || !this.#tryStart(job))
        this.#waiting.parking.park(job);
    }
    this.#isPumping = false;
    this.#show();
  }

  /** False: the origin has no room, or the run's rate none for now. */
  #tryStart(job: FetchJob): boolean {
    if (this.#attempts.size >= this.#maxInFlight || this.#hold.isHolding) return false;
    if (this.#budgets.pauseLeftMs(job.place) > 0 || !this.#budgets.tryEnter(job.place)) return false;
    const waitMs = this.#budgets.reserveAttemptMs();
    if (waitMs > 0) {
      this.#budgets.leave(job.place);
      this.#gauges[GAUGES.rateWaits] = (this.#gauges[GAUGES.rateWaits] as number) + 1;
      this.#hold.holdFor(waitMs);
      return false;
    }
    this.#start(job);
    return true;
  }

  #start(job: FetchJob): void {
    job.begin();
    const { tally, routes } = this.#parts;
    if (tally.get('firstDispatchAtMs') === 0) tally.set('firstDispatchAtMs', nowMs());
    if (job.attempts === 1 && job.hops === 0)
      this.#budgets.earnRetries(this.#parts.task.limits.retryBudgetRatio);
    const attempt = new FetchAttempt(job, this.#context);
    this.#attempts.add(attempt);
    const { origin, pathname, search } = job.url;
    const fields = this.#headers.fieldsFor(job);
    const { place, isHandedOver } = job;
    attempt.steer(routes.send({ origin, path: pathname + search, fields, place, isHandedOver }, attempt));
  }

  #onOver(attempt: FetchAttempt, end: AttemptEnd): void {
    const { job } = attempt;
    this.#attempts.delete(attempt);
    this.#budgets.leave(job.place);
    const { place } = job;
    this.#judge(job, end);
    this.#freed.push(place);
    // What many answers of one turn set free is filled again at once, after all of them are judged.
    if (this.#freed.length === 1) setImmediate(() => this.#fillAgain());
  }

  #fillAgain(): void {
    for (const place of this.#freed.splice(0)) this.#unpark(place, 1);
    this.#pump();
    this.#finishIfIdle();
  }

  #judge(job: FetchJob, end: AttemptEnd): void {
    if (end.kind === 'ok') {
      this.#settle(okOutcome(job, end));
    } else if (this.#isStopped) {
      this.#skip(job);
    } else if (end.kind === 'redirect') {
      job.followTo(end.to);
      this.#putBack(job, 0);
    } else if (end.kind === 'stale') {
      if (this.#next.repeatsStale(job)) this.#putBack(job, 0);
      else this.#tryAgain(job, attemptFailure('connection-lost', end.detail));
    } else if (end.kind === 'broken') {
      this.#skip(job);
      this.#parts.onBroken(end.error);
    } else {
      this.#tryAgain(job, end);
    }
  }

  #tryAgain(job: FetchJob, end: AttemptFailure): void {
    const outcome = failedOutcome(job, end);
    const delayMs = this.#next.delayAfterMs(job, end);
    if (delayMs === null) this.#settle(outcome);
    else this.#putBack(job, delayMs);
  }

  #putBack(job: FetchJob, delayMs: number): void {
    job.dueAtMs = delayMs === 0 ? 0 : nowMs() + delayMs;
    this.#waiting.addRetry(job);
  }

  #settle(outcome: Outcome): void {
    const { tally } = this.#parts;
    if (outcome.kind === 'ok') tally.add('ok', 1);
    else if (outcome.kind === 'failed') tally.addFailure(outcome.code);
    tally.set('lastSettledAtMs', nowMs());
    this.#parts.onSettled(outcome);
  }

  #skip(job: FetchJob): void {
    this.#parts.onSettled(skippedOutcome(job, 'stopped'));
  }

  #sweep(): void {
    const now = nowMs();
    const lateMs = now - this.#sweptAtMs - SWEEP_MS;
    this.#sweptAtMs = now;
    if (lateMs > LATE_SWEEP_MS) this.#stoodStillMs = lateMs;
    // What arrived while this thread stood still is read first; then the deadlines count again.
    else if (this.#stoodStillMs > 0) this.#stoodStillMs = 0;
    if (this.#stoodStillMs === 0) for (const attempt of this.#attempts) attempt.check(now);
    this.#unparkAll(PROBE_COUNT);
    this.#pump();
  }

  #unparkAll(count: number): void {
    if (this.#waiting.parking.count === 0) return;
    for (const place of this.#waiting.parking.places()) this.#unpark(place, count);
  }

  /** Begins up to `count` of the jobs that wait for room at an origin. */
  #unpark(place: number, count: number): void {
    if (this.#isStopped) return;
    for (let left = count; left > 0; left--) {
      const job = this.#waiting.parking.peek(place);
      if (job === undefined || !this.#tryStart(job)) return;
      this.#waiting.parking.take(place);
    }
  }

  /** What the live view reads. */
  #show(): void {
    this.#gauges[GAUGES.parked] = this.#waiting.parking.count;
    this.#gauges[GAUGES.waitingRetry] = this.#waiting.retryCount;
    this.#parts.tally.set('inFlight', this.#attempts.size);
    if (this.#attempts.size > this.#parts.tally.get('inFlightPeak')) {
      this.#parts.tally.set('inFlightPeak', this.#attempts.size);
    }
  }

  #finishIfIdle(): void {
    if (!this.#isEnding || this.#attempts.size + this.#waiting.count > 0) return;
    clearInterval(this.#sweepTimer);
    this.#hold.close();
    this.#show();
    this.#done.resolve();
  }
}
