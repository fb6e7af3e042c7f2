// The types of the comparison: the job of a program, the result of one run, and the claims. Types only.

/** What a program is asked to fetch. */
export interface Job {
  readonly family: 'one-per-connection' | 'pipelined' | 'h2c';
  readonly trialCount: number;
  readonly connectionCount: number;
  /** Requests open at once on one connection. */
  readonly depth: number;
  /** For programs that only run for a time; they send as many requests as fit. */
  readonly durationMs?: number;
}

/** How one entry runs its program. */
export interface Settings {
  /** Threads, workers or processors the program may use. @default 1 */
  readonly threadCount?: number;
  /** spillway only. */
  readonly transport?: 'undici' | 'wire' | 'auto';
  /** spillway only: further options of its command line. */
  readonly options?: readonly string[];
}

/** What a program's own output says of its run. */
export interface Answered {
  readonly okCount: number;
  readonly failedCount: number;
  /** From its first request to its last answer as the program itself measures it; null where it does not say. */
  readonly innerWallMs: number | null;
  /** CPU between the same two moments; null where the program does not say. */
  readonly innerCpuUs: number | null;
  /** What came before its first request, as the program itself measures it. */
  readonly startUpMs: number | null;
  /** What its output says is wrong, although it may have ended well. */
  readonly complaint: string | null;
}

/** The kernel's account of one process. */
export interface ProcessAccount {
  /** From exec to exit. */
  readonly wallMs: number;
  readonly userUs: number;
  readonly systemUs: number;
  /** Of the largest process of the command. */
  readonly peakRssBytes: number;
  readonly exitCode: number;
}

/** What the machine was like around one run. */
export interface Surroundings {
  readonly loadAverage1Min: number;
  /** Time the hypervisor took from this machine during the run. */
  readonly stealMs: number;
  /** Loopback sockets in TIME_WAIT when the run began. */
  readonly timeWaitCount: number;
  /** Lost and repeated handshakes during the run: each cost its request a second or more. */
  readonly synRetransCount: number;
  readonly listenOverflowCount: number;
}

export interface Measurement {
  readonly entry: string;
  readonly round: number;
  readonly command: readonly string[];
  readonly account: ProcessAccount | null;
  /** CPU this program uses to start and end, measured apart; null where that was not possible. */
  readonly startUpCpuUs: number | null;
  readonly answered: Answered | null;
  readonly surroundings: Surroundings;
  /** CPU of the server's processes during the run; ticks of 10 ms. */
  readonly serverCpuUs: number | null;
  /** Requests the server counted; null where it does not count. */
  readonly serverSawCount: number | null;
  /** Why the figures of this run do not count; null when they do. */
  readonly problem: string | null;
}

/** A figure of a measurement that claims and tables speak of. */
export const METRICS = {
  wallMs: { label: 'wall in the run', unit: 'ms' },
  processWallMs: { label: 'wall of the process', unit: 'ms' },
  runCpuUsPerRequest: { label: 'client CPU a request, start-up taken off', unit: 'us' },
  cpuUsPerRequest: { label: 'client CPU a request, whole process', unit: 'us' },
  innerCpuUsPerRequest: { label: 'client CPU a request, by its own account', unit: 'us' },
  serverCpuUsPerRequest: { label: 'server CPU a request', unit: 'us' },
  peakRssBytes: { label: 'peak memory', unit: 'bytes' },
  startUpMs: { label: 'start-up', unit: 'ms' },
} as const;

export type Metric = keyof typeof METRICS;

/** The value of a metric in one run; null where the run failed or its program does not tell. */
// oxlint-disable-next-line typescript/consistent-return -- every metric returns; a new one fails to compile
export function readMetric(measurement: Measurement, metric: Metric): number | null {
  const { account, answered } = measurement;
  if (measurement.problem !== null || account === null || answered === null) return null;
  const perRequest = (us: number | null): number | null => (us === null ? null : us / answered.okCount);
  switch (metric) {
    // Start-up of the process is apart, so that like stands beside like; hence the inner time where there is one.
    case 'wallMs':
      return answered.innerWallMs ?? account.wallMs;
    case 'processWallMs':
      return account.wallMs;
    case 'runCpuUsPerRequest':
      return perRequest(
        measurement.startUpCpuUs === null
          ? null
          : Math.max(0, account.userUs + account.systemUs - measurement.startUpCpuUs),
      );
    case 'cpuUsPerRequest':
      return perRequest(account.userUs + account.systemUs);
    case 'innerCpuUsPerRequest':
      return perRequest(answered.innerCpuUs);
    case 'serverCpuUsPerRequest':
      return perRequest(measurement.serverCpuUs);
    case 'peakRssBytes':
      return account.peakRssBytes;
    case 'startUpMs':
      return answered.startUpMs;
  }
}

/** Something said of an entry that the measurements can contradict. */
export type Claim =
  | {
      /** The entry's figure is at most so many times that of another entry in the same round. */
      readonly kind: 'ratio';
      readonly entry: string;
      readonly metric: Metric;
      readonly against: string;
      readonly atMost: number;
    }
  | {
      /** The entry's figure is at most so much. */
      readonly kind: 'absolute';
      readonly entry: string;
      readonly metric: Metric;
      readonly atMost: number;
    }
  | {
      /** Every run answered every request, by the program's word and its exit code. */
      readonly kind: 'whole';
      readonly entry: string;
    };

export interface ClaimResult {
  readonly claim: Claim;
  readonly verdict: 'met' | 'not met' | 'not measured';
  /** Median over the rounds of the ratio or the figure. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly roundCount: number;
  /** The rounds lie on both sides of the limit, so another run may judge otherwise. */
  readonly isInsideSpread: boolean;
  /** Why it was not measured, or what went wrong in the runs; null when there is nothing to say. */
  readonly reason: string | null;
}
