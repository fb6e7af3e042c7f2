// What the run cost this process between the first dispatch and the last answer: CPU, event loop, memory, network
// counters of the kernel, and progress over time.

import { type NetCounters, diffNetCounters, readNetCounters } from '../../limits/counters.ts';
import { nowMs } from '../../measure/clock.ts';
import type { WorkerGroupUsage } from './worker-group.ts';
import type { NetworkChange, Snapshot } from '../../model/record.ts';

/** Longer series lose every second entry, so that the record of a run of hours stays at some kilobytes. */
const MAX_SNAPSHOTS = 600;

export class Meter {
  readonly #madeAtMs = nowMs();
  #beganAtMs = 0;
  #cpuBefore = process.cpuUsage();
  #utilizationBefore = performance.eventLoopUtilization();
  #countersBefore: NetCounters | null = null;
  #snapshots: Snapshot[] = [];
  #keepEvery = 1;
  #seen = 0;

  cpuUs = { user: 0, system: 0 };
  mainUtilizationRatio = 0;
  peakRssBytes = 0;
  network: NetworkChange | null = null;

  /**
   * Time from the creation of the meter until `begin`: threads, lanes, and the server where the run waited for it.
   */
  get startUpMs(): number {
    return this.#beganAtMs - this.#madeAtMs;
  }

  get snapshots(): readonly Snapshot[] {
    return this.#snapshots;
  }

  begin(): void {
    this.#countersBefore = readNetCounters();
    this.#utilizationBefore = performance.eventLoopUtilization();
    this.#cpuBefore = process.cpuUsage();
    this.#beganAtMs = nowMs();
  }

  /** Call it at the last answer, before any connection is closed. */
  end(): void {
    this.cpuUs = process.cpuUsage(this.#cpuBefore);
    this.mainUtilizationRatio = performance.eventLoopUtilization(this.#utilizationBefore).utilization;
    this.peakRssBytes = process.resourceUsage().maxRSS * 1024;
    if (this.#countersBefore !== null) {
      this.network = diffNetCounters(this.#countersBefore, readNetCounters()).counters;
    }
  }

  /** Adds what further client processes used in the same time. */
  addElsewhere(usage: WorkerGroupUsage | null): void {
    if (usage === null) return;
    this.cpuUs = {
      user: this.cpuUs.user + usage.cpuUserUs,
      system: this.cpuUs.system + usage.cpuSystemUs,
    };
    this.peakRssBytes += usage.peakRssBytes;
  }

  keep(snapshot: Snapshot): void {
    if (this.#seen++ % this.#keepEvery !== 0) return;
    this.#snapshots.push(snapshot);
    if (this.#snapshots.length < MAX_SNAPSHOTS) return;
    this.#snapshots = this.#snapshots.filter((_, index) => index % 2 === 0);
    this.#keepEvery *= 2;
  }
}
