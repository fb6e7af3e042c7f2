// A round before it starts: what is asked for, and the plan and verdicts that come of it.

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

/** What is to be measured. `server.own`: a mock server is started for the round and ends with it. */
export interface RoundOptions extends Omit<PlanRequest, 'server'> {
  readonly server:
    | {
        readonly own: true;
        readonly delayMs: number;
        readonly replicas: Auto;
        readonly port: number;
        /** How `/n` is answered; `auto`: lean for a large plan of HTTP/1.1. */
        readonly kind: ServerKind | 'auto';
        /** What `/n` is answered with. @default 'json' */
        readonly answer?: AnswerForm;
        /** It speaks TLS, with a certificate of its own. @default false */
        readonly isTls?: boolean;
      }
    | {
        readonly own: false;
        readonly origin: string;
        readonly delayMs: number | null;
        /** Of an https origin. @default the usual */
        readonly tls?: TlsTrust;
      };
  readonly attempt: AttemptLimits;
  /** As many waves as the limits ask for, however long they take. @default false */
  readonly isInWaves?: boolean;
  /** As a person would type it, for the record. */
  readonly command: string;
  /** The workers' code runs in this thread, to be profiled. @default false */
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
