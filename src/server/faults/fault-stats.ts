// Counts what a fault server was asked for and what it answered completely, by fault and by target, to
// compare with a client's account. Pure.

import { FAULT_NAMES, FAULTS, type Fault, type FaultName } from './fault-table.ts';

/** Beyond this many targets, requests are counted by fault only, and each counts as its target's first. */
export const MAX_TARGETS = 2 ** 20;

export interface FaultCounts {
  /** Different targets asked for. */
  readonly targets: number;
  /** Requests read, including those that follow a redirect and repeats. */
  readonly asked: number;
  /** Right answers whose last byte was given to the kernel. */
  readonly whole: number;
}

export interface TargetCounts {
  /** Which of the server's origins, from 0. */
  readonly origin: number;
  /** Without a query. */
  readonly path: string;
  readonly fault: FaultName;
  readonly asked: number;
  readonly whole: number;
}

/** The answer of `GET /stats`. */
export interface FaultStats {
  readonly seed: string;
  readonly faults: string;
  readonly origins: readonly string[];
  readonly total: FaultCounts;
  /** Only faults that were asked for, each with what a client must make of it. */
  readonly byFault: Readonly<Record<string, FaultCounts & Pick<Fault, 'becomes'>>>;
  readonly connections: { readonly open: number; readonly total: number };
  /** How often an origin was down. */
  readonly outages: number;
  /** Requests for paths that name no target. */
  readonly strays: number;
  /** The counts of each target; null when they were not asked for. */
  readonly targets: readonly TargetCounts[] | null;
}

/** The counts of one target. */
export interface TargetAccount {
  readonly origin: number;
  readonly path: string;
  readonly fault: FaultName;
  asked: number;
  whole: number;
}

export class FaultAccount {
  readonly #targets = new Map<string, TargetAccount>();
  readonly #byFault = new Map<FaultName, { targets: number; asked: number; whole: number }>();
  openConnections = 0;
  totalConnections = 0;
  outages = 0;
  strays = 0;

  /** Counts one more request for a target. @param fault called when the target is asked for the first time */
  ask(origin: number, path: string, fault: () => FaultName): TargetAccount {
    const key = `${origin}${path}`;
    let target = this.#targets.get(key);
    if (target === undefined) {
      target = { origin, path, fault: fault(), asked: 0, whole: 0 };
      if (this.#targets.size < MAX_TARGETS) this.#targets.set(key, target);
      this.#countsOf(target.fault).targets++;
    }
    target.asked++;
    this.#countsOf(target.fault).asked++;
    return target;
  }

  answer(target: TargetAccount): void {
    target.whole++;
    this.#countsOf(target.fault).whole++;
  }

  /** Starts all counts again, and with them the faults that apply only to a target's first requests. */
  reset(): void {
    this.#targets.clear();
    this.#byFault.clear();
    this.totalConnections = this.openConnections;
    this.outages = 0;
    this.strays = 0;
  }

  snapshot(facts: Pick<FaultStats, 'seed' | 'faults' | 'origins'>, withTargets: boolean): FaultStats {
    const counts = [...this.#byFault.values()];
    const total = (pick: (counts: FaultCounts) => number): number =>
      counts.reduce((sum, one) => sum + pick(one), 0);
    return {
      ...facts,
      total: {
        targets: total(({ targets }) => targets),
        asked: total(({ asked }) => asked),
        whole: total(({ whole }) => whole),
      },
      byFault: Object.fromEntries(
        FAULT_NAMES.flatMap((name) => {
          const one = this.#byFault.get(name);
          return one === undefined ? [] : [[name, { becomes: FAULTS[name].becomes, ...one }]];
        }),
      ),
      connections: { open: this.openConnections, total: this.totalConnections },
      outages: this.outages,
      strays: this.strays,
      targets: withTargets
        ? [...this.#targets.values()].map(({ origin, path, fault, asked, whole }) => ({
            origin,
            path,
            fault,
            asked,
            whole,
          }))
        : null,
    };
  }

  #countsOf(fault: FaultName): { targets: number; asked: number; whole: number } {
    let counts = this.#byFault.get(fault);
    if (counts === undefined) {
      counts = { targets: 0, asked: 0, whole: 0 };
      this.#byFault.set(fault, counts);
    }
    return counts;
  }
}
