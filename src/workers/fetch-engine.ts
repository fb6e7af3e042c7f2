// A worker's share of a fetch: takes targets, keeps as many attempts open as the budgets allow, and settles each target
// once. A job is in exactly one of four places: fresh, parked at its origin, waiting for its retry, or in flight.

import { nowMs } from '../measure/clock.ts';
import type { Tally } from '../measure/tally.ts';
import { FAILURES, type SpillwayError } from '../model/errors.ts';
import { type FetchTask, GAUGES } from '../model/fetch-task.ts';
import type { Outcome } from '../model/outcome.ts';
import { isRetryable, retryDelayMs } from '../model/retry-policy.ts';
import type { Target } from '../model/target.ts';
import type { Sink } from '../sinks/sink.ts';
import { DueQueue } from './due-queue.ts';
import { type AttemptContext, type AttemptEnd, FetchAttempt } from './fetch-attempt.ts';
import { FetchHeaders } from './fetch-headers.ts';
import { FetchJob } from './fetch-job.ts';
import { OriginBudgets } from './origin-budgets.ts';
import { Parking } from './parking.ts';
import type { FetchRoutes } from './fetch-routes.ts';

/** One timer looks after every deadline, pause and retry. */
const SWEEP_MS = 25;
/** A sweep that comes this late was held up by this thread itself; deadlines do not run while nothing is read. */
const LATE_SWEEP_MS = 500;
/** Jobs let go at an origin in one sweep after a pause: it is probed, not stormed. */
const PROBE_COUNT = 2;
/** How often a target may be put back because this machine ran out of something. */
const MAX_REFUNDS = 20;
const REFUND_DELAY_MS = 200;
/** How often a target is asked for again because a kept connection had ended. */
const MAX_STALE = 2;

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
  readonly #parking = new Parking();
  readonly #retries = new DueQueue<FetchJob>();
  readonly #sweepTimer: NodeJS.Timeout;
  readonly #done = Promise.withResolvers<void>();
  #fresh: FetchJob[] = [];
  #nextFresh = 0;
  #maxInFlight: number;
  #rateTimer: NodeJS.Timeout | undefined;
  #heldUntilMs = 0;
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
    this.#context = {
      sink: parts.sink,
      limits: task.limits,
      isDecoding: task.request.bytes === 'decoded',
      onSent: () => tally.add('attemptsSent', 1),
      onBytes: (bytes) => {
        tally.add('bytesReceived', bytes);
        const waitMs = this.#budgets.chargeBytesMs(bytes);
        // Small bodies come whole in one read: what holds their rate is that nothing new is asked for.
        if (waitMs > 0) this.#holdBack(waitMs);
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
      else this.#fresh.push(job);
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
    for (const job of this.#takeWaiting()) this.#skip(job);
    if (isCut) for (const attempt of this.#attempts) attempt.cut('the run was stopped');
    this.#finishIfIdle();
  }

  #takeWaiting(): FetchJob[] {
    const waiting = [
      ...this.#fresh.slice(this.#nextFresh),
      ...this.#parking.takeAll(),
      ...this.#retries.takeAll(),
    ];
    this.#fresh = [];
    this.#nextFresh = 0;
    return waiting;
  }

  /** Begins whatever may begin now. */
  #pump(): void {
    // An attempt that ends inside `send` comes back here.
    if (this.#isPumping || this.#isStopped) return;
    this.#isPumping = true;
    const now = nowMs();
    while (this.#attempts.size < this.#maxInFlight && this.#rateTimer === undefined) {
      const job = this.#retries.takeDue(now) ?? this.#takeFresh();
      if (job === undefined) break;
      // Whoever came first to a full or paused origin goes first.
      if (this.#parking.countAt(job.place) > 0 || !this.#tryStart(job)) this.#parking.park(job);
    }
    this.#isPumping = false;
    this.#show();
  }

  #takeFresh(): FetchJob | undefined {
    const job = this.#fresh[this.#nextFresh];
    if (job === undefined) return undefined;
    this.#nextFresh++;
    if (this.#nextFresh === this.#fresh.length) {
      this.#fresh = [];
      this.#nextFresh = 0;
    }
    return job;
  }

  /** False: the origin has no room, or the run's rate none for now. */
  #tryStart(job: FetchJob): boolean {
    if (this.#attempts.size >= this.#maxInFlight || this.#rateTimer !== undefined) return false;
    if (this.#budgets.pauseLeftMs(job.place) > 0 || !this.#budgets.tryEnter(job.place)) return false;
    const waitMs = this.#budgets.reserveAttemptMs();
    if (waitMs > 0) {
      this.#budgets.leave(job.place);
      this.#waitForRate(waitMs);
      return false;
    }
    this.#start(job);
    return true;
  }

  #waitForRate(waitMs: number): void {
    this.#gauges[GAUGES.rateWaits] = (this.#gauges[GAUGES.rateWaits] as number) + 1;
    this.#holdBack(waitMs);
  }

  /** Begins no attempt for so long. */
  #holdBack(durationMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, nowMs() + durationMs);
    this.#rateTimer ??= setTimeout(() => {
      this.#rateTimer = undefined;
      // More bytes may have come meanwhile.
      const leftMs = this.#heldUntilMs - nowMs();
      if (leftMs >= 1) {
        this.#holdBack(leftMs);
        return;
      }
      this.#unparkAll(this.#maxInFlight);
      this.#pump();
    }, Math.ceil(durationMs));
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
      this.#settleOk(job, end);
    } else if (this.#isStopped) {
      this.#skip(job);
    } else if (end.kind === 'redirect') {
      job.followTo(end.to);
      job.dueAtMs = 0;
      this.#retries.add(job);
    } else if (end.kind === 'stale') {
      this.#repeatStale(job, end.detail);
    } else if (end.kind === 'broken') {
      this.#skip(job);
      this.#parts.onBroken(end.error);
    } else if (!this.#tryAgain(job, end)) {
      this.#settleFailed(job, end);
    }
  }

  /** Puts the job back for another attempt if there is reason and room for one. */
  #tryAgain(job: FetchJob, end: AttemptEnd & { kind: 'failed' }): boolean {
    const { limits } = this.#parts.task;
    if (FAILURES[end.code].handOver && !job.isHandedOver) {
      job.isHandedOver = true;
      this.#repeat(job);
      return true;
    }
    if (FAILURES[end.code].shrink && job.refunds < MAX_REFUNDS) {
      this.#maxInFlight = Math.max(1, Math.floor(Math.min(this.#maxInFlight, this.#attempts.size + 1) * 0.8));
      this.#parts.tally.add('shrinks', 1);
      job.refunds++;
      job.attempts--;
      this.#putBack(job, REFUND_DELAY_MS * (0.5 + Math.random()));
      return true;
    }
    if (!isRetryable(end.code, job.status) || end.retryAfterMs > limits.maxRetryWaitMs) return false;
    const delayMs = retryDelayMs(job.attempts, end.retryAfterMs, Math.random());
    // A server that says "too many" or "not now" speaks for its origin, not for one URL.
    if (job.status === 429 || (job.status === 503 && end.retryAfterMs > 0)) {
      this.#budgets.pause(job.place, end.retryAfterMs > 0 ? end.retryAfterMs : delayMs);
    }
    if (job.attempts > limits.maxRetries) return false;
    if (!this.#budgets.tryRetry()) {
      this.#gauges[GAUGES.retriesDenied] = (this.#gauges[GAUGES.retriesDenied] as number) + 1;
      return false;
    }
    this.#gauges[GAUGES.retries] = (this.#gauges[GAUGES.retries] as number) + 1;
    this.#parts.tally.add('repeats', 1);
    this.#putBack(job, delayMs);
    return true;
  }

  /** The same request again, at once, at no attempt's cost. */
  #repeat(job: FetchJob): void {
    job.status = 0;
    job.dueAtMs = 0;
    if (job.hops === 0) job.attempts--;
    this.#parts.tally.add('repeats', 1);
    this.#retries.add(job);
  }

  /** A server may end a connection that it kept at any moment; more often than that is a failure like others. */
  #repeatStale(job: FetchJob, detail: string): void {
    if (job.staleCount < MAX_STALE) {
      job.staleCount++;
      this.#repeat(job);
      return;
    }
    const end = { kind: 'failed', code: 'connection-lost', detail, retryAfterMs: 0 } as const;
    if (!this.#tryAgain(job, end)) this.#settleFailed(job, end);
  }

  #putBack(job: FetchJob, delayMs: number): void {
    job.rewind();
    job.status = 0;
    job.dueAtMs = nowMs() + delayMs;
    this.#retries.add(job);
  }

  #settleOk(job: FetchJob, end: AttemptEnd & { kind: 'ok' }): void {
    const { committed, finalUrl, wireBytes } = end;
    const { tally } = this.#parts;
    tally.add('ok', 1);
    tally.set('lastSettledAtMs', nowMs());
    this.#parts.onSettled({
      kind: 'ok',
      index: job.target.index,
      line: job.target.line,
      url: job.shownUrl,
      status: job.status,
      bytes: committed.bytes,
      sha256: committed.sha256,
      wireBytes,
      attempts: job.attempts,
      durationMs: nowMs() - job.startedAtMs,
      ...(finalUrl === job.shownUrl ? {} : { finalUrl }),
      stored: committed.stored,
    });
  }

  #settleFailed(job: FetchJob, { code, detail }: AttemptEnd & { kind: 'failed' }): void {
    const { tally } = this.#parts;
    tally.addFailure(code);
    tally.set('lastSettledAtMs', nowMs());
    this.#parts.onSettled({
      kind: 'failed',
      index: job.target.index,
      line: job.target.line,
      url: job.shownUrl,
      code,
      detail,
      status: job.status,
      attempts: job.attempts,
      durationMs: nowMs() - job.startedAtMs,
    });
  }

  #skip(job: FetchJob): void {
    const { index, line } = job.target;
    this.#parts.onSettled({ kind: 'skipped', index, line, url: job.shownUrl, reason: 'stopped' });
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
    if (this.#parking.count === 0) return;
    for (const place of this.#parking.places()) this.#unpark(place, count);
  }

  /** Begins up to `count` of the jobs that wait for room at an origin. */
  #unpark(place: number, count: number): void {
    if (this.#isStopped) return;
    for (let left = count; left > 0; left--) {
      const job = this.#parking.peek(place);
      if (job === undefined || !this.#tryStart(job)) return;
      this.#parking.take(place);
    }
  }

  /** What the live view reads. */
  #show(): void {
    this.#gauges[GAUGES.parked] = this.#parking.count;
    this.#gauges[GAUGES.waitingRetry] = this.#retries.size;
    this.#parts.tally.set('inFlight', this.#attempts.size);
    if (this.#attempts.size > this.#parts.tally.get('inFlightPeak')) {
      this.#parts.tally.set('inFlightPeak', this.#attempts.size);
    }
  }

  #finishIfIdle(): void {
    if (!this.#isEnding || this.#attempts.size + this.#parking.count + this.#retries.size > 0) return;
    if (this.#nextFresh < this.#fresh.length) return;
    clearInterval(this.#sweepTimer);
    clearTimeout(this.#rateTimer);
    this.#show();
    this.#done.resolve();
  }
}
