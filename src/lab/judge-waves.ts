// Judges waves that nobody asked for. A plan that a limit cuts so much that it takes over ten times its floor
// is refused with two remedies, or runs when --waves is given. Pure.

import type { Limits } from '../limits/read.ts';
import type { Finding } from '../model/finding.ts';
import type { Plan } from '../model/plan.ts';
import { cutBy, leastWaveCount } from '../runner/bench/plan/plan.ts';
import type { PlanRequest } from '../runner/bench/plan/plan-request.ts';

const MOST_TIMES_FLOOR = 10;

/** The findings; the limit that cuts the plan too much is marked as refused. */
export function judgeWaves(
  plan: Plan,
  findings: readonly Finding[],
  request: PlanRequest,
  limits: Limits,
): readonly Finding[] {
  const limit = cutBy(plan);
  const least = leastWaveCount(request, limits);
  if (limit === null || plan.delayMs === 0 || plan.waveCount <= MOST_TIMES_FLOOR * least) return findings;
  const time = plan.predictedMs === null ? '' : `, about ${Math.ceil(plan.predictedMs / 1e3)} s`;
  const reason = plan.reasons.find(({ field }) => field === 'connections')?.reason ?? '';
  return findings.map((finding) =>
    finding.limit === limit
      ? {
          ...finding,
          verdict: 'refused',
          message:
            `expected no more than ${MOST_TIMES_FLOOR * least} wave(s), found ${plan.waveCount}${time}, ` +
            `with ${plan.connectionCount} connections (${reason}); lift the limit, ` +
            'or say --waves to run them',
        }
      : finding,
  );
}
