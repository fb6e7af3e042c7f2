// Looks after a worker's share of a fetch that does not get on: says what it waits for, gives up what nothing comes
// from, and takes slots back from origins that are silent while others could use them. It starts no request.

import type { FetchAttempt } from './attempt/fetch-attempt.ts';
import type { FetchJob } from './attempt/fetch-job.ts';
import type { OriginBudgets } from './origin/origin-budgets.ts';
import type { RunSlots } from './run-slots.ts';
import type { WaitingJobs } from './queue/waiting-jobs.ts';

const LOOK_EVERY_MS = 250;
/** A run that stands still for so long is worth a word. */
const NOTICE_MS = 5_000;
const TELL_EVERY_MS = 2_000;
/** An origin that was never heard of, and one that was, is taken for silent after so long. */
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
  /** How long anything may stand still; 0 for no bound. */
  readonly stallMs: number;
  readonly startedAtMs: number;
  /** A rate of the run holds everything back for now. */
  readonly isHolding: () => boolean;
  /** Origins whose robots.txt is awaited. */
  readonly awaitedRobots: () => readonly string[];
  /** Settles a job that was waiting as `stalled`. */
  readonly giveUp: (job: FetchJob, detail: string) => void;
  /** Settles a job whose origin is taken for dead. */
  readonly giveUpDead: (job: FetchJob) => void;
  /** Targets at origins that do not answer. */
  readonly showDoubtful: (count: number) => void;
  /** What is waited for now; null when things move again. */
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
    this.#makeRoom(now);
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

  /** Those that wait at origins that are taken for dead: all together, none of them needs a slot for it. */
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

  /** Targets that wait for an origin which was asked for so long, and gave nothing. */
  #giveUpSilent(): void {
    const { budgets, waiting, stallMs } = this.#parts;
    if (stallMs === 0) return;
    for (const originRow of waiting.originQueues.rows()) {
      const silentMs = budgets.silentMs(originRow);
      if (silentMs <= stallMs || budgets.waitLeftMs(originRow) > 0) continue;
      for (;;) {
        const job = waiting.originQueues.peek(originRow);
        // Each is owed an attempt at its origin that failed since it came.
        if (job === undefined || !budgets.hasFailedSince(originRow, job.acceptedAtMs)) break;
        waiting.originQueues.take(originRow);
        this.#parts.giveUp(
          job,
          `expected a byte from ${job.url.origin} within ${stallMs} ms (--stall-timeout), found none for ${seconds(silentMs)}`,
        );
      }
    }
  }

  /** Where everything is full and others wait, an origin that gives nothing keeps one request, or none. */
  #makeRoom(now: number): void {
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
    // Half of the slots are for origins that give something, where there are any.
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

  /** Somebody waits for a slot and for nothing else. */
  #isWantedByOthers(silent: ReadonlyMap<number, unknown>): boolean {
    const { waiting, budgets } = this.#parts;
    for (const originRow of waiting.originQueues.rows())
      if (!silent.has(originRow) && budgets.waitLeftMs(originRow) <= 0) return true;
    for (const job of waiting.fresh()) if (!silent.has(job.originRow)) return true;
    return false;
  }

  /** Nothing is in flight or scheduled: the run would never end. */
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
