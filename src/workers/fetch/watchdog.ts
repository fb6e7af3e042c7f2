// Watches a worker's share of a fetch: says what it waits for while nothing moves, gives up targets that
// nothing comes for, and takes slots back from silent origins while others could use them. It starts no
// request.

import type { FetchAttempt } from './attempt/fetch-attempt.ts';
import type { FetchJob } from './attempt/fetch-job.ts';
import type { OriginBudgets } from './origin/origin-budgets.ts';
import type { RunSlots } from './run-slots.ts';
import type { WaitingJobs } from './queue/waiting-jobs.ts';

const LOOK_EVERY_MS = 250;
/** After standing still for this long, a run says what it waits for. */
const NOTICE_MS = 5_000;
const TELL_EVERY_MS = 2_000;
/** How long an origin may be silent, if nothing ever came from it and if something did. */
const NEVER_HEARD_MS = 2_000;
const KNOWN_SILENT_MS = 15_000;
const PHASE_WORDS = {
  naming: 'for the addresses',
  connecting: 'for a connection',
  waiting: 'for a first byte',
  receiving: 'for more of a body',
  over: 'for its end',
} as const;

export interface WatchdogParts {
  readonly budgets: OriginBudgets;
  readonly waiting: WaitingJobs;
  readonly slots: RunSlots;
  /** How long anything may stand still; 0 for no limit. */
  readonly stallMs: number;
  readonly startedAtMs: number;
  /** True while a rate of the run holds everything back. */
  readonly isHolding: () => boolean;
  /** Origins whose robots.txt is awaited. */
  readonly awaitedRobots: () => readonly string[];
  /** Settles a waiting job as `stalled`. */
  readonly giveUp: (job: FetchJob, detail: string) => void;
  /** Settles a job whose origin counts as dead. */
  readonly giveUpDead: (job: FetchJob) => void;
  /** Takes the number of targets at origins that do not answer. */
  readonly showDoubtful: (count: number) => void;
  /** Takes what is waited for now; null when things move again. */
  readonly tell: (text: string | null) => void;
}

export class Watchdog {
  readonly #parts: WatchdogParts;
  #hasMoved = true;
  #movedAtMs: number;
  #lookedAtMs = 0;
  #toldAtMs = 0;

  constructor(parts: WatchdogParts) {
    this.#parts = parts;
    this.#movedAtMs = parts.startedAtMs;
  }

  /** Something was sent, received or settled. */
  moved(): void {
    this.#hasMoved = true;
  }

  /** Called by the engine's sweep. */
  look(now: number): void {
    if (now - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = now;
    this.#giveUpDead();
    this.#giveUpSilent();
    this.#countDoubtful();
    this.#freeSlots(now);
    const { slots, waiting, stallMs, awaitedRobots } = this.#parts;
    const isIdle = slots.attempts.size + waiting.count + awaitedRobots().length === 0;
    if (this.#hasMoved || isIdle) this.#rest(now);
    const stillMs = now - this.#movedAtMs;
    if (stillMs < NOTICE_MS) return;
    if (stallMs > 0 && stillMs > stallMs) this.#giveUpForgotten(now, stillMs);
    if (now - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = now;
    this.#parts.tell(`${this.#describe(now)}; nothing has moved for ${seconds(stillMs)}`);
  }

  #rest(now: number): void {
    this.#hasMoved = false;
    this.#movedAtMs = now;
    if (this.#toldAtMs > 0) this.#parts.tell(null);
    this.#toldAtMs = 0;
  }

  /** Gives up all jobs that wait for origins that count as dead, at once, so that none needs a slot for it. */
  #giveUpDead(): void {
    const { budgets, waiting } = this.#parts;
    for (const originRow of waiting.originQueues.rows()) {
      if (!budgets.isDead(originRow)) continue;
      for (
        let job = waiting.originQueues.peek(originRow);
        job !== undefined;
        job = waiting.originQueues.peek(originRow)
      ) {
        waiting.originQueues.take(originRow);
        this.#parts.giveUpDead(job);
      }
    }
  }

  #countDoubtful(): void {
    const { budgets, waiting, slots } = this.#parts;
    let count = 0;
    for (const { job } of slots.attempts) if (budgets.isDoubtful(job.originRow)) count++;
    for (const originRow of waiting.originQueues.rows())
      if (budgets.isDoubtful(originRow)) count += waiting.originQueues.countAt(originRow);
    for (const { originRow } of waiting.retries()) if (budgets.isDoubtful(originRow)) count++;
    this.#parts.showDoubtful(count);
  }

  /** Gives up targets of an origin that was asked and has been silent for longer than the stall limit. */
  #giveUpSilent(): void {
    const { budgets, waiting, stallMs } = this.#parts;
    if (stallMs === 0) return;
    for (const originRow of waiting.originQueues.rows()) {
      const silentMs = budgets.silentMs(originRow);
      if (silentMs <= stallMs || budgets.waitLeftMs(originRow) > 0) continue;
      for (;;) {
        const job = waiting.originQueues.peek(originRow);
        // Gives up only jobs during whose wait an attempt at the origin has failed.
        if (job === undefined || !budgets.hasFailedSince(originRow, job.acceptedAtMs)) break;
        waiting.originQueues.take(originRow);
        this.#parts.giveUp(
          job,
          `expected a byte from ${job.url.origin} within ${stallMs} ms (--stall-timeout), found none for ${seconds(silentMs)}`,
        );
      }
    }
  }

  /** Leaves one request, or none, to silent origins where all slots are taken and others wait. */
  #freeSlots(now: number): void {
    const { slots, waiting, budgets } = this.#parts;
    const { attempts, maxAttempts } = slots;
    if (!slots.isFull || waiting.freshCount + waiting.originQueues.count === 0) return;
    const silent = new Map<number, FetchAttempt[]>();
    for (const attempt of attempts) {
      if (attempt.phase !== 'connecting' && attempt.phase !== 'waiting') continue;
      const { originRow } = attempt.job;
      const leastMs = budgets.isKnown(originRow) ? KNOWN_SILENT_MS : NEVER_HEARD_MS;
      if (now - attempt.sinceMs < leastMs || budgets.silentMs(originRow) < leastMs) continue;
      const others = silent.get(originRow);
      if (others === undefined) silent.set(originRow, [attempt]);
      else others.push(attempt);
    }
    if (silent.size === 0 || !this.#isWantedByOthers(silent)) return;
    // Silent origins keep half of the slots at most.
    let kept = 0;
    for (const [originRow, [first, ...others]] of silent) {
      budgets.narrow(originRow);
      for (const attempt of others) attempt.withdraw();
      kept++;
      if (kept > maxAttempts / 2) {
        budgets.pause(originRow, NEVER_HEARD_MS);
        first?.withdraw();
      }
    }
  }

  /** True where a job waits only for a slot. */
  #isWantedByOthers(silent: ReadonlyMap<number, unknown>): boolean {
    const { waiting, budgets } = this.#parts;
    for (const originRow of waiting.originQueues.rows())
      if (!silent.has(originRow) && budgets.waitLeftMs(originRow) <= 0) return true;
    for (const job of waiting.fresh()) if (!silent.has(job.originRow)) return true;
    return false;
  }

  /** Gives up jobs while nothing is in flight or scheduled: the run would never end. */
  #giveUpForgotten(now: number, stillMs: number): void {
    const { slots, waiting, isHolding, awaitedRobots } = this.#parts;
    if (slots.attempts.size + slots.unrecordedCount + awaitedRobots().length > 0 || isHolding()) return;
    if ((waiting.nextRetry?.dueAtMs ?? 0) > now) return;
    for (const originRow of waiting.originQueues.rows())
      if (this.#parts.budgets.waitLeftMs(originRow) > 0) return;
    for (const job of waiting.takeAll()) {
      this.#parts.giveUp(
        job,
        `expected it to begin within ${seconds(stillMs)} (--stall-timeout), found no room at its origin`,
      );
    }
  }

  #describe(now: number): string {
    const { slots, waiting, isHolding, awaitedRobots } = this.#parts;
    const [oldest] = [...slots.attempts].sort((a, b) => a.sinceMs - b.sinceMs);
    if (oldest !== undefined) return this.#describeAttempt(oldest, now);
    const [robots] = awaitedRobots();
    if (robots !== undefined) return `waits for robots.txt of ${robots}`;
    if (isHolding()) return 'waits for --rate or --max-bytes-per-sec';
    if (slots.unrecordedCount > 0) return `waits for the journal to record ${slots.unrecordedCount} outcomes`;
    const { nextRetry } = waiting;
    for (const originRow of waiting.originQueues.rows()) {
      const leftMs = this.#parts.budgets.waitLeftMs(originRow);
      const job = waiting.originQueues.peek(originRow);
      if (leftMs > 0 && job !== undefined)
        return `waits for ${job.url.origin}, which asked for a pause: ${seconds(leftMs)} of it are left`;
    }
    if (nextRetry !== undefined) {
      const leftMs = Math.max(0, nextRetry.dueAtMs - now);
      return `waits for the next attempt at ${nextRetry.url.origin} in ${seconds(leftMs)}, ${waiting.retryCount} in all`;
    }
    return `waits for room at its origins: ${waiting.originQueues.count} targets`;
  }

  #describeAttempt(oldest: FetchAttempt, now: number): string {
    const { job, phase } = oldest;
    const count = [...this.#parts.slots.attempts].filter(
      (other) => other.job.originRow === job.originRow && other.phase === phase,
    ).length;
    const leftMs = oldest.leftMs(now);
    const end = leftMs === null ? 'no deadline' : `given up in ${seconds(leftMs)}`;
    return `waits ${PHASE_WORDS[phase]} of ${job.url.origin}: ${count} requests, the oldest for ${seconds(now - oldest.sinceMs)}, ${end}`;
  }
}

function seconds(durationMs: number): string {
  return `${Math.round(durationMs / 1000)} s`;
}
