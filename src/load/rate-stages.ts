// The rate of a load as a person writes it: `2000`, or stages such as `0..500/2m,500/10m,2000/30s`. Pure.

import type { RateStage } from '../model/load/load-task.ts';

const STAGE = /^(\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?(?:\/(\d+(?:\.\d+)?)(ms|s|m|h))?$/u;
const UNITS_MS = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6 } as const;

export const RATE_EXAMPLE = 'requests a second such as 2000, or stages such as 0..500/2m,500/10m';

/**
 * @returns the stages, of which a single one may lack a duration (`hasDuration` is false); null when the text is no
 * rate
 */
export function parseRate(text: string): { stages: RateStage[]; hasDuration: boolean } | null {
  const parts = text.split(',').map((part) => STAGE.exec(part.trim()));
  const stages: RateStage[] = [];
  for (const part of parts) {
    if (part === null) return null;
    const [, from, to = from, amount, unit] = part;
    if (amount === undefined && parts.length > 1) return null;
    const durationMs = amount === undefined ? 0 : Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
    const stage = { fromPerSec: Number(from), toPerSec: Number(to), durationMs };
    if (stage.fromPerSec + stage.toPerSec <= 0 && parts.length === 1) return null;
    if (amount !== undefined && durationMs <= 0) return null;
    stages.push(stage);
  }
  return { stages, hasDuration: parts[0]?.[3] !== undefined };
}
