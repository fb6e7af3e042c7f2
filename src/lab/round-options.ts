// A round before it starts: what was asked for, and the plan and verdicts made from it.

import type { Limits } from '../limits/read.ts';
import type { AnswerForm } from '../model/answer-form.ts';
import type { Finding } from '../model/finding.ts';
import type { AttemptLimits } from '../model/messages.ts';
import type { TlsTrust } from '../model/messages.ts';
import type { Plan } from '../model/plan.ts';
import type { Auto, PlanRequest } from '../runner/bench/plan/plan-request.ts';
import type { PlannedServer } from '../runner/bench/plan/plan-costs.ts';

export const SERVER_KINDS = ['fastify', 'lean'] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

/** What to measure. With `server.own`, a mock server is started for the round and ends with it. */
export interface RoundOptions extends Omit<PlanRequest, 'server'> {
  readonly server:
    | {
        readonly own: true;
        readonly delayMs: number;
        readonly replicas: Auto;
        readonly port: number;
        /** Which server answers `/n`; `auto`: the lean one for a large plan of HTTP/1.1. */
        readonly kind: ServerKind | 'auto';
        /** The form of the answers to `/n`. @default 'json' */
        readonly answer?: AnswerForm;
        /** True for TLS with a self-signed certificate. @default false */
        readonly isTls?: boolean;
      }
    | {
        readonly own: false;
        readonly origin: string;
        readonly delayMs: number | null;
        /** Trust for an https origin. @default the system's */
        readonly tls?: TlsTrust;
      };
  readonly attempt: AttemptLimits;
  /** Run in as many waves as the limits require, however long that takes. @default false */
  readonly isInWaves?: boolean;
  /** The command as a person would type it, for the record. */
  readonly command: string;
  /** Run the workers' code in this thread, so that it can be profiled. @default false */
  readonly isInProcess?: boolean;
}

/** A round that is planned and judged, with nothing started. */
export interface PreparedRound {
  readonly options: RoundOptions;
  readonly limits: Limits;
  readonly plannedServer: PlannedServer;
  readonly plan: Plan;
  readonly findings: readonly Finding[];
}
