// What a check says about one limit of the operating system: plain data that goes into the record and is printed by
// whoever asked. limits/check.ts makes it; docs/limits.md holds the same names.

/** The limits that are checked, by the name under which they are reported. */
export const LIMIT_NAMES = {
  files: 'open files of one client process',
  'server-files': 'open files of one replica of the mock server',
  'system-files': 'open files of the whole system',
  ports: 'ephemeral ports towards one destination',
  'accept-queue': 'connections a listening socket holds until the server takes them',
  memory: 'memory that the run may still take',
  cpu: 'cores that this process may use',
  threads: 'threads and processes that may still start',
  conntrack: 'connections that the firewall can still follow',
} as const;

export type LimitName = keyof typeof LIMIT_NAMES;

/**
 * `ok`: it fits. `tight`: it runs, but slower or with little room. `refused`: it would fail, so it is not started.
 * `unknown`: the limit cannot be read here, so nothing is promised.
 */
export type Verdict = 'ok' | 'tight' | 'refused' | 'unknown';

export interface Finding {
  readonly limit: LimitName;
  readonly verdict: Verdict;
  /** What the system allows, in the unit of the limit (connections, bytes, cores or threads); null when unknown. */
  readonly allowed: number | null;
  /** What the plan needs, in the same unit. */
  readonly needed: number;
  /** What was expected, what was found and, unless it is `ok`, what to do. */
  readonly message: string;
  /** The one command that lifts the limit on Linux; null when no command on this machine does. */
  readonly fix: string | null;
  /** What lifting the limit would buy. */
  readonly buys: string;
}
