// Everything that one replica counts. The routes and listeners fill it, and the primary reads it.

import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { AnswerAccount } from '../answer-account.ts';
import type { AnswerSnapshot } from '../answer-account.ts';
import { Connection } from '../connection.ts';

/** How long an event loop was busy, and how long it waited. */
export type LoopMs = readonly [activeMs: number, idleMs: number];

export interface ReplicaSnapshot {
  readonly pid: number;
  readonly trials: AnswerSnapshot;
  readonly downloads: AnswerSnapshot;
  readonly openConnections: number;
  readonly peakConnections: number;
  readonly totalConnections: number;
  readonly acceptErrors: number;
  readonly cpuUserUs: number;
  readonly cpuSystemUs: number;
  readonly rssBytes: number;
  readonly eventLoopUtilizationRatio: number;
}

export class ReplicaCounters {
  readonly trials: AnswerAccount;
  readonly downloads: AnswerAccount;
  /** Every accepted socket that is open. */
  readonly connections = new Set<Connection>();
  /** Accepts that failed, for example for lack of open files. */
  acceptErrors = 0;
  #peakConnections = 0;
  #totalConnections = 0;
  #connectionsClosed = 0;
  #cpuSince = process.cpuUsage();
  #loopSince = performance.eventLoopUtilization();

  constructor(items: number, files: number) {
    this.trials = new AnswerAccount(items);
    this.downloads = new AnswerAccount(files);
  }

  openConnection(socket: Socket): Connection {
    const connection = new Connection(socket);
    this.connections.add(connection);
    this.#totalConnections++;
    if (this.connections.size > this.#peakConnections) this.#peakConnections = this.connections.size;
    socket.once('close', () => {
      this.#closeConnection(connection);
    });
    return connection;
  }

  #closeConnection(connection: Connection): void {
    this.connections.delete(connection);
    connection.isClosed = true;
    this.#connectionsClosed++;
    this.trials.abandon(connection.owedTrials);
    this.downloads.abandon(connection.owedDownloads);
    connection.owedTrials = 0;
    connection.owedDownloads = 0;
  }

  reset(): void {
    this.trials.reset();
    this.downloads.reset();
    this.acceptErrors = 0;
    this.#peakConnections = this.connections.size;
    this.#totalConnections = this.connections.size;
    this.#connectionsClosed = 0;
    this.#cpuSince = process.cpuUsage();
    this.#loopSince = performance.eventLoopUtilization();
  }

  /** Changes with every count. */
  get activity(): number {
    return (
      this.trials.activity +
      this.downloads.activity +
      this.#totalConnections +
      this.#connectionsClosed +
      this.acceptErrors
    );
  }

  /** Of one snapshot at most. */
  get bitmapBytes(): number {
    return this.trials.bitmapBytes + this.downloads.bitmapBytes;
  }

  /** Times of the event loop since the last reset. */
  loopMs(): LoopMs {
    const { active, idle } = performance.eventLoopUtilization(this.#loopSince);
    return [active, idle];
  }

  snapshot(): ReplicaSnapshot {
    const cpu = process.cpuUsage(this.#cpuSince);
    return {
      pid: process.pid,
      trials: this.trials.snapshot(),
      downloads: this.downloads.snapshot(),
      openConnections: this.connections.size,
      peakConnections: this.#peakConnections,
      totalConnections: this.#totalConnections,
      acceptErrors: this.acceptErrors,
      cpuUserUs: cpu.user,
      cpuSystemUs: cpu.system,
      rssBytes: residentBytes(),
      eventLoopUtilizationRatio: performance.eventLoopUtilization(this.#loopSince).utilization,
    };
  }
}

/** Memory held now; where there is no /proc to ask, the most held so far. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
