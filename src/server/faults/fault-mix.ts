// Decides which share of targets has which fault: the profiles, the mix as a person types it, and the choice
// for one target. Pure: the same seed gives a target the same fault, at any time and in any order.

import { FAULT_NAMES, FAULTS, type FaultName } from './fault-table.ts';
import { seededRatio } from './seeded.ts';

/** Ratios of faults or of groups; the faults of a group share its ratio evenly. */
export const PROFILES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  calm: {},
  busy: {
    latency: 0.2,
    sequential: 0.05,
    'throttle-seconds': 0.005,
    'throttle-date': 0.005,
    'error-once': 0.02,
  },
  flaky: {
    latency: 0.05,
    'error-once': 0.03,
    'reset-once': 0.03,
    'stall-once': 0.01,
    'keep-alive': 0.06,
    'body-until-close': 0.02,
    outage: 0.001,
  },
  hostile: {
    slow: 0.06,
    throttle: 0.004,
    status: 0.04,
    connect: 0.01,
    outage: 0.001,
    reset: 0.07,
    stall: 0.04,
    body: 0.08,
    chunk: 0.06,
    garbage: 0.04,
    headers: 0.02,
    encoding: 0.05,
    redirect: 0.05,
    'keep-alive': 0.03,
    tls: 0.02,
  },
};

/** The ratio of targets that have each fault; the other targets have none. */
export type FaultMix = ReadonlyMap<FaultName, number>;

const GROUPS = new Map<string, FaultName[]>();
for (const name of FAULT_NAMES) {
  const { group } = FAULTS[name];
  if (group !== 'none') GROUPS.set(group, [...(GROUPS.get(group) ?? []), name]);
}

export const FAULT_GROUPS: ReadonlyMap<string, readonly FaultName[]> = GROUPS;

/**
 * Parses a mix such as `flaky`, `hostile,latency=0` or `calm+reset:0.1`: profiles, and faults or groups with
 * the ratio of targets that have them. A later part overrides an earlier one.
 * @returns the mix, or a message with what was expected and what was found
 */
export function parseFaultMix(
  text: string,
): { readonly mix: FaultMix } | { readonly expected: string; readonly piece: string } {
  const mix = new Map<FaultName, number>();
  for (const part of text.split(/[,+]/u).map((part) => part.trim())) {
    const [name = '', ratioText, more] = part.split(/[=:]/u);
    const profile = ratioText === undefined && Object.hasOwn(PROFILES, name) ? PROFILES[name] : undefined;
    if (profile !== undefined) {
      for (const [fault, ratio] of Object.entries(profile)) set(mix, fault, ratio);
      continue;
    }
    const ratio = /^\d*\.?\d+$/u.test(ratioText ?? '') ? Number(ratioText) : Number.NaN;
    if (more !== undefined || !(ratio >= 0 && ratio <= 1) || !set(mix, name, ratio)) {
      return { expected: WANTED, piece: part.slice(0, 100) };
    }
  }
  const total = [...mix.values()].reduce((sum, ratio) => sum + ratio, 0);
  if (total > 1 + 1e-9)
    return { expected: `ratios that add up to 1 at most, not ${total.toFixed(3)}`, piece: text };
  return { mix };
}

const WANTED = `${Object.keys(PROFILES).join(', ')}, or FAULT=RATIO with a fault or group of docs/faults.md and a ratio of 0 to 1, joined by commas`;

/** Returns false when there is no such fault or group. */
function set(mix: Map<FaultName, number>, name: string, ratio: number): boolean {
  const isFault = Object.hasOwn(FAULTS, name) && name !== 'none';
  const members = isFault ? [name as FaultName] : GROUPS.get(name);
  if (members === undefined) return false;
  for (const member of members) mix.set(member, ratio / members.length);
  return true;
}

/** @param target text that is different for every target of the server */
export function chooseFault(mix: FaultMix, seed: string, target: string): FaultName {
  let left = seededRatio(`${seed}\n${target}`);
  for (const [name, ratio] of mix) {
    if (left < ratio) return name;
    left -= ratio;
  }
  return 'none';
}
