// A worker's share of a fetch: takes targets, keeps as many attempts open as the budgets allow, and settles each target
// once. A job is in exactly one place: fresh, parked at its origin, waiting for its retry or for its origin's
// robots.txt, or in flight.

import { nowMs } from '../../measure/clock.ts';
import type { Tally } from '../../measure/tally.ts';
import { writeBodyProgress } from '../../model/body/body-progress.ts';
import type { SpillwayError } from '../../model/errors.ts';
import { type FetchTask, GAUGES } from '../../model/fetch-task.ts';
import type { Outcome, SkipReason } from '../../model/outcome.ts';
import type { PartialBody } from '../../model/body/partial-body.ts';
import { isRetryable } from '../../model/retry-policy.ts';
import type { RobotsAnswer } from '../../model/robots.ts';
import type { Target } from '../../model/target.ts';
import type { Sink } from '../../sinks/sink.ts';
import { Admission } from './admission.ts';
import { longestWaitMs } from './attempt/attempt-clock.ts';
import {
  type AttemptEnd,
  type AttemptFailure,
  attemptFailure,
  internalFailure,
} from './attempt/attempt-end.ts';
import { reportToBudget } from './attempt-report.ts';
import { type AttemptContext, FetchAttempt } from './attempt/fetch-attempt.ts';
import type { DecoderMemory } from './attempt/decoder-memory.ts';
import { FetchHeaders } from './attempt/fetch-headers.ts';
import { FetchJob } from './attempt/fetch-job.ts';
import type { GuardedRoutes } from '../../transport/routes/guarded-routes.ts';
import { failedOutcome, lostOutcome, okOutcome, skippedOutcome } from './attempt/job-outcomes.ts';
import { NextAttempt } from './next-attempt.ts';
import { PutOffJobs } from './queue/put-off-jobs.ts';
import type { OriginBudgets } from './origin/origin-budgets.ts';
import { OriginRows } from './origin/origin-rows.ts';
import { BodyReopener } from './queue/body-reopener.ts';
import { OriginScheduler } from './queue/origin-scheduler.ts';
import { WaitingJobs } from './queue/waiting-jobs.ts';
import { RefusedCertificates } from './refused-certificates.ts';
import { RunSlots } from './run-slots.ts';
import { Sweep } from './sweep.ts';
import { Watchdog } from './watchdog.ts';

/** A connection that takes longer than this to make is worth waiting for. */
const DEAR_MS = 50;
/** Progress of bodies is reported as often as the live view is drawn. */
const BODIES_EVERY_MS = 200;

export interface EngineParts {
  readonly task: FetchTask;
  readonly sink: Sink;
  readonly routes: GuardedRoutes;
  readonly tally: Tally;
  readonly decoderMemory: DecoderMemory;
  /** Called once for every target that was accepted; `recorded` is called when the outcome is. */
  readonly onSettled: (outcome: Outcome) => void;
  /** Every target that was accepted so far is settled. */
  readonly onIdle: () => void;
  /** The sink has failed: nothing more is taken, and what is in flight is withdrawn. */
  readonly onBroken: (error: SpillwayError) => void;
  /** A target's body is so large now that another process should be able to continue it. */
  readonly onPartial: (index: number, partial: PartialBody) => void;
  /** What the worker waits for while nothing moves; null when something moves again. */
  readonly onWaits: (text: string | null) => void;
  /** The robots.txt of an origin is needed; `learnRobots` gets it. */
  readonly onRobots: (origin: string, isGuarded: boolean) => void;
}

export class FetchEngine {
  readonly #parts: EngineParts;
  readonly #originRows: OriginRows;
  readonly #admission: Admission;
  readonly #budgets: OriginBudgets;
  readonly #headers: FetchHeaders;
  readonly #gauges: Float64Array;
  readonly #slots: RunSlots;
  readonly #scheduler: OriginScheduler;
  readonly #context: AttemptContext;
  readonly #next: NextAttempt;
  readonly #certificates = new RefusedCertificates();
  readonly #waiting = new WaitingJobs();
  #bodiesDueAtMs = 0;
  readonly #reopener: BodyReopener;
  readonly #putOff: PutOffJobs;
  readonly #watchdog: Watchdog;
  readonly #sweep: Sweep;
  readonly #done = Promise.withResolvers<void>();
  /** Rows of the origins of attempts that ended since the last turn. */
  readonly #freed: number[] = [];
  /** Attempts whose host has no addresses yet. */
  #namingCount = 0;
  #isEnding = false;
  #isStopped = false;
  #isPumping = false;

  constructor(parts: EngineParts) {
    const { task, tally } = parts;
    const { limits, request } = task;
    this.#parts = parts;
    this.#originRows = new OriginRows(task.shared, task.ownRows);
    this.#headers = new FetchHeaders(request);
    this.#gauges = new Float64Array(task.gauges);
    this.#slots = new RunSlots(task.maxInFlight, task.inFlight);
    this.#scheduler = new OriginScheduler({
      originQueues: this.#waiting.originQueues,
      isFull: () => this.#slots.isFull,
      tryStart: (job) => this.#tryStart(job),
    });
    this.#admission = new Admission({
      task,
      slots: this.#slots,
      onCapacity: () => {
        this.#scheduler.all();
        this.#pump();
      },
      onRobots: parts.onRobots,
    });
    this.#budgets = this.#admission.budgets;
    this.#next = new NextAttempt({
      limits,
      budgets: this.#budgets,
      stallMs: longestWaitMs(limits),
      tally,
      gauges: this.#gauges,
      onShrink: () => this.#slots.shrink(),
    });
    this.#watchdog = new Watchdog({
      budgets: this.#budgets,
      waiting: this.#waiting,
      slots: this.#slots,
      stallMs: longestWaitMs(limits),
      startedAtMs: nowMs(),
      isHolding: () => this.#admission.isHolding,
      awaitedRobots: () => this.#admission.robots?.awaitedOrigins ?? [],
      giveUp: (job, detail) => this.#settle(job, failedOutcome(job, attemptFailure('stalled', detail))),
      giveUpDead: (job) => this.#giveUpDead(job),
      tell: parts.onWaits,
      showDoubtful: (count) => {
        this.#gauges[GAUGES.doubtful] = count;
      },
    });
    this.#reopener = new BodyReopener({
      sink: parts.sink,
      onReady: (job) => {
        this.#watchdog.moved();
        this.#waiting.addFresh(job);
        this.#pump();
      },
      onBroken: (error) => parts.onBroken(error as SpillwayError),
    });
    this.#putOff = new PutOffJobs({
      budgets: this.#budgets,
      retry: (job) => {
        this.#next.count('retries');
        tally.add('repeats', 1);
        this.#putBack(job, 0);
      },
      giveUp: (job, outcome) => {
        this.#next.count('retriesDenied');
        this.#settle(job, outcome);
      },
    });
    this.#context = this.#makeContext();
    this.#sweep = new Sweep((now, isAwake) => this.#lookAfter(now, isAwake));
  }

  /** Resolves when `end` or `stop` was called and every accepted target is settled. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  accept(targets: readonly Target[]): void {
    for (const target of targets) {
      const job = this.#makeJob(target);
      if (job === null) continue;
      if (this.#isStopped) this.#skip(job, 'stopped');
      else {
        this.#parts.routes.expect(job.origin);
        if (this.#reopener.takes(target)) this.#reopener.add(job);
        else this.#waiting.addFresh(job);
      }
    }
    this.#pump();
    this.#finishIfIdle();
  }

  /** Notes an error that may belong to any attempt: one that a limit ends from here on has it as its cause. */
  suspectAll(text: string): void {
    for (const attempt of this.#slots.attempts) attempt.suspect(text);
  }

  /** Makes a job; null where the target is invalid, which is settled here. */
  #makeJob(target: Target): FetchJob | null {
    try {
      return new FetchJob(target, this.#originRows);
    } catch (error) {
      this.#count(lostOutcome(target, internalFailure(error)));
      return null;
    }
  }

  /** Takes what an origin's robots.txt says. */
  learnRobots(answer: RobotsAnswer): void {
    const { robots } = this.#admission;
    if (robots === null) return;
    this.#watchdog.moved();
    for (const job of robots.learn(answer)) this.#waiting.addRetry(job);
    this.#pump();
    this.#finishIfIdle();
  }

  /** Takes note that `count` of the reported outcomes are recorded. */
  recorded(count: number): void {
    const wasFull = this.#slots.isFull;
    this.#slots.recorded(count);
    if (!wasFull) return;
    this.#scheduler.inTurn();
    this.#pump();
  }

  /**
   * Gives back up to `count` targets that have not begun. @returns their indexes, and whether no others are
   * left
   */
  giveBack(count: number): { indexes: number[]; isAll: boolean } {
    const jobs = this.#waiting.takeUntouched(count);
    for (const job of jobs) job.leave();
    const indexes = jobs.map(({ target }) => target.index).sort((a, b) => a - b);
    return { indexes, isAll: indexes.length < count };
  }

  /** No more targets will come. */
  end(): void {
    this.#isEnding = true;
    this.#finishIfIdle();
  }

  /** Begins nothing new: skips what has not begun. What is in flight ends by itself, or at once if `isAborted`. */
  stop(isAborted: boolean): void {
    this.#isStopped = true;
    this.#isEnding = true;
    const waiting = [
      ...this.#waiting.takeAll(),
      ...(this.#admission.robots?.takeAll() ?? []),
      ...this.#reopener.takeAll(),
      ...this.#putOff.takeAll(),
    ];
    for (const job of waiting) this.#skip(job, 'stopped');
    if (isAborted) for (const attempt of this.#slots.attempts) attempt.cancel('the run was stopped');
    this.#finishIfIdle();
  }

  #makeContext(): AttemptContext {
    const { sink, tally, task } = this.#parts;
    return {
      sink,
      limits: task.limits,
      isDecoding: task.request.bytes === 'decoded',
      keepsHeads: task.sink.kind !== 'directory',
      continuesWithoutValidator: task.request.continuesWithoutValidator === true,
      onLarge: ({ job }, partial) => this.#parts.onPartial(job.target.index, partial),
      onChanged: () => this.#next.count('changedBodies'),
      decoderMemory: this.#parts.decoderMemory,
      asksForPart: (job) => this.#headers.askForPart(job),
      onNamed: ({ job }) => {
        this.#namingCount--;
        this.#budgets.begun(job.originRow);
      },
      onSent: ({ job, connectMs }) => {
        const isDear = connectMs > DEAR_MS || job.origin.startsWith('https:');
        // The first established connection lets the others follow.
        if (this.#budgets.reached(job.originRow, isDear))
          setImmediate(() => this.#scheduler.at(job.originRow, Number.POSITIVE_INFINITY));
        tally.add('attemptsSent', 1);
        this.#budgets.sent(job.originRow);
        this.#watchdog.moved();
      },
      isPaused: ({ job }) => this.#budgets.pauseLeftMs(job.originRow) > 0,
      onHeard: ({ job }) => this.#budgets.heard(job.originRow),
      onBytes: (bytes) => {
        tally.add('bytesReceived', bytes);
        this.#watchdog.moved();
        return this.#admission.chargeBytesMs(bytes);
      },
      onOver: (attempt, end) => this.#onOver(attempt, end),
    };
  }

  /** Begins whatever may begin now. */
  #pump(): void {
    // An attempt that ends inside `send` calls this again.
    if (this.#isPumping || this.#isStopped) return;
    this.#isPumping = true;
    try {
      this.#beginReady();
    } finally {
      this.#isPumping = false;
    }
    this.#show();
  }

  #beginReady(): void {
    const now = nowMs();
    const { originQueues } = this.#waiting;
    while (!this.#admission.isShut) {
      const job = this.#waiting.takeReady(now);
      if (job === undefined) break;
      if (!this.#guardJob(job, () => this.#isAllowed(job))) continue;
      // Jobs that came earlier to a full or paused origin go first.
      if (originQueues.countAt(job.originRow) > 0 || !this.#tryStart(job)) originQueues.park(job);
    }
  }

  /** Checks dead origins and robots.txt. False: the job is settled, or waits for the rules of its origin. */
  #isAllowed(job: FetchJob): boolean {
    if (this.#budgets.isDead(job.originRow)) {
      this.#giveUpDead(job);
      return false;
    }
    const verdict = this.#admission.judge(job);
    if (verdict === 'disallowed') this.#skip(job, 'robots');
    else if (typeof verdict === 'object')
      this.#settle(job, failedOutcome(job, attemptFailure('robots-unavailable', verdict.unavailable)));
    return verdict === 'allowed';
  }

  #giveUpDead(job: FetchJob): void {
    job.dropKept();
    this.#settle(
      job,
      failedOutcome(
        job,
        attemptFailure('origin-dead', `no attempt at ${job.origin} brought a byte, so no more are made`),
      ),
    );
  }

  /** Begins an attempt. False: the job has to wait for its origin, for a slot, or for a rate of the run. */
  #tryStart(job: FetchJob): boolean {
    if (this.#isStopped) return false;
    const refused = this.#certificates.failureAt(job.origin);
    if (refused !== null) {
      this.#settle(job, failedOutcome(job, refused));
      return true;
    }
    if (!this.#admission.tryEnter(job, this.#countWaiting(job.originRow))) return false;
    this.#start(job);
    return true;
  }

  /**
   * Jobs that wait for an origin. Fresh jobs, which were not looked at yet, count where at most one origin
   * waits.
   */
  #countWaiting(originRow: number): number {
    const { originQueues, freshCount } = this.#waiting;
    return originQueues.countAt(originRow) + (originQueues.originCount < 2 ? freshCount : 0);
  }

  #start(job: FetchJob): void {
    job.begin();
    const { tally, routes, task } = this.#parts;
    if (tally.get('firstDispatchAtMs') === 0) tally.set('firstDispatchAtMs', nowMs());
    if (job.attempts === 1 && job.hops === 0)
      this.#budgets.earnRetries(job.originRow, task.limits.retryBudgetRatio);
    const attempt = new FetchAttempt(job, this.#context);
    this.#slots.open(attempt);
    this.#namingCount++;
    try {
      const fields = this.#headers.fieldsFor(job);
      const { origin, isHandedOver, isGuarded } = job;
      const request = { origin, path: job.path, fields, isHandedOver, isGuarded };
      attempt.steer(routes.send(request, attempt));
    } catch (error) {
      attempt.crash(error);
    }
  }

  #onOver(attempt: FetchAttempt, end: AttemptEnd): void {
    const { job } = attempt;
    const { originRow } = job;
    if (!attempt.isNamed) this.#namingCount--;
    this.#slots.close(attempt);
    if (!attempt.isReleased) this.#budgets.leave(originRow);
    this.#watchdog.moved();
    this.#guardJob(job, () => {
      reportToBudget(this.#budgets, attempt, end);
      this.#certificates.note(job.origin, end);
      this.#judge(attempt, end);
    });
    this.#freed.push(originRow);
    // Refills once all answers of this turn are judged, and not after each of them.
    if (this.#freed.length === 1) setImmediate(() => this.#fillAgain());
  }

  #fillAgain(): void {
    const freed = this.#freed.splice(0);
    if (this.#slots.wasFull(freed.length) && this.#waiting.originQueues.originCount > 1)
      this.#scheduler.inTurn();
    // Besides the place that was left, there may be one more where the window has grown.
    else for (const originRow of freed) this.#scheduler.at(originRow, 2);
    this.#pump();
    this.#finishIfIdle();
  }

  /**
   * Makes an error that is thrown while a job is judged that job's failure. @returns the result of `work`;
   * undefined if it threw
   */
  #guardJob<Result>(job: FetchJob, work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.#settle(job, failedOutcome(job, internalFailure(error)));
      return undefined;
    }
  }

  #judge(attempt: FetchAttempt, end: AttemptEnd): void {
    const { job } = attempt;
    if (end.kind === 'ok') {
      if (job.isPutOff) this.#putOff.succeeded(job.originRow);
      this.#settle(job, okOutcome(job, end));
    } else if (this.#isStopped) {
      this.#skip(job, 'stopped');
    } else if (end.kind === 'redirect') {
      if (!job.isGuarded) job.isGuarded = this.#parts.routes.isPublic(job.url.hostname);
      job.followTo(end.to, end.cookies);
      this.#putBack(job, 0);
    } else if (end.kind === 'withdrawn') {
      job.refund();
      this.#waiting.originQueues.park(job);
    } else if (end.kind === 'stale') {
      if (this.#next.repeatsStale(job)) this.#putBack(job, 0);
      else this.#tryAgain(attempt, attemptFailure('connection-lost', end.detail));
    } else if (end.kind === 'anew') {
      this.#next.repeatsAnew(job);
      this.#putBack(job, 0);
    } else if (end.kind === 'broken') {
      this.#skip(job, 'stopped');
      this.#parts.onBroken(end.error);
    } else {
      this.#tryAgain(attempt, end);
    }
  }

  #tryAgain(attempt: FetchAttempt, end: AttemptFailure): void {
    const { job } = attempt;
    const outcome = failedOutcome(job, end);
    const isWorthKeeping = isRetryable(end.code, job.status) && job.kept?.isTold === true;
    const delayMs = this.#next.delayAfterMs(attempt, end);
    if (delayMs === null && !isWorthKeeping) job.dropKept();
    if (delayMs === null) this.#settle(job, outcome);
    else if (delayMs === 'at-the-end') this.#putOff.add(job, outcome);
    else this.#putBack(job, delayMs);
  }

  #putBack(job: FetchJob, delayMs: number): void {
    job.dueAtMs = delayMs === 0 ? 0 : nowMs() + delayMs;
    this.#waiting.addRetry(job);
  }

  #settle(job: FetchJob, outcome: Outcome): void {
    if (job.isSettled) return;
    job.isSettled = true;
    job.leave();
    this.#count(outcome);
  }

  #skip(job: FetchJob, reason: SkipReason): void {
    if (job.isSettled) return;
    job.isSettled = true;
    job.leave();
    this.#tell(skippedOutcome(job, reason));
  }

  #count(outcome: Outcome): void {
    const { tally } = this.#parts;
    if (outcome.kind === 'ok') tally.add('ok', 1);
    else if (outcome.kind === 'failed') tally.addFailure(outcome.code);
    tally.set('lastSettledAtMs', nowMs());
    this.#tell(outcome);
  }

  #tell(outcome: Outcome): void {
    this.#slots.told();
    this.#parts.onSettled(outcome);
  }

  #lookAfter(now: number, isAwake: boolean): void {
    if (now >= this.#bodiesDueAtMs) {
      this.#bodiesDueAtMs = now + BODIES_EVERY_MS;
      writeBodyProgress(this.#parts.task.bodyProgress, this.#slots.bodies());
    }
    if (isAwake) {
      for (const attempt of this.#slots.attempts) this.#check(attempt, now);
      this.#watchdog.look(now);
    }
    this.#scheduler.all();
    this.#pump();
    this.#finishIfIdle();
  }

  #check(attempt: FetchAttempt, now: number): void {
    // A request that gets its connection only now would arrive during the pause.
    if (attempt.phase === 'connecting' && this.#budgets.pauseLeftMs(attempt.job.originRow) > 0)
      attempt.withdraw();
    else attempt.check(now);
    if (attempt.phase === 'waiting' || attempt.phase === 'receiving') this.#releaseIfStuck(attempt, now);
  }

  /** Gives the room of an attempt at its origin to others where it alone stands still. */
  #releaseIfStuck(attempt: FetchAttempt, now: number): void {
    const { job, sentAtMs, sinceMs, isReleased } = attempt;
    const { originRow, isSuspect } = job;
    if (isReleased || !this.#budgets.isStuckAlone(originRow, sentAtMs, now - sinceMs, isSuspect)) return;
    attempt.isReleased = true;
    job.isSuspect = true;
    this.#budgets.leave(originRow);
  }

  /** Writes the gauges that the live view reads. */
  #show(): void {
    this.#gauges[GAUGES.parked] = this.#waiting.originQueues.count;
    this.#gauges[GAUGES.waitingRetry] = this.#waiting.retryCount;
    this.#gauges[GAUGES.naming] = this.#namingCount;
    this.#slots.show(this.#parts.tally);
  }

  #finishIfIdle(): void {
    const waitingCount = this.#waiting.count + (this.#admission.robots?.count ?? 0) + this.#reopener.count;
    if (this.#slots.attempts.size + waitingCount > 0) return;
    if (this.#putOff.takeUp()) {
      this.#pump();
      return;
    }
    this.#parts.onIdle();
    if (!this.#isEnding) return;
    this.#sweep.close();
    this.#admission.close();
    this.#show();
    writeBodyProgress(this.#parts.task.bodyProgress, []);
    this.#done.resolve();
  }
}
