// What a fault server was asked for and what it answered whole, by fault and by target, so that a client's account can
// be held against it. Pure.

import { FAULT_NAMES, FAULTS, type Fault, type FaultName } from './fault-table.ts';

/** Beyond it targets are counted by fault alone, and each request is taken for the first of its target. */
export const MAX_TARGETS = 2 ** 20;

export interface FaultCounts {
  /** Different targets asked for. */
  readonly targets: number;
  /** Requests read, redirects and repeats included. */
  readonly asked: number;
  /** Right answers given to the kernel to their last byte. */
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
  /** Those that were asked for, each with what a client must make of it. */
  readonly byFault: Readonly<Record<string, FaultCounts & Pick<Fault, 'becomes'>>>;
  readonly connections: { readonly open: number; readonly total: number };
  /** How often an origin was down. */
  readonly outages: number;
  /** Requests for what is no target. */
  readonly strays: number;
  /** Each target; null where they were not asked for. */
  readonly targets: readonly TargetCounts[] | null;
}

/** A target's own counts. */
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

  /** One more request for a target. @param fault called where it was never asked for before */
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

  /** Starts all counts again, and with them the faults that hit the first requests of a target alone. */
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
