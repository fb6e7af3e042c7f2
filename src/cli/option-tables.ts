// All commands with their options in one place, for the pages that describe them.

import { BENCH_OPTIONS } from './bench-options.ts';
import { COMPARE_OPTIONS } from './compare.ts';
import { DOCTOR_OPTIONS } from './doctor-options.ts';
import { FETCH_OPTIONS } from './fetch-options.ts';
import type { OptionTable } from './options.ts';
import { OUTCOMES_OPTIONS } from './outcomes.ts';
import { RESUME_OPTIONS, RETRY_OPTIONS } from './resume-options.ts';
import { SERVE_OPTIONS } from './serve-options.ts';
import { STATUS_OPTIONS } from './status.ts';
import { VERIFY_OPTIONS } from './verify.ts';

export const OPTION_TABLES = {
  bench: BENCH_OPTIONS,
  fetch: FETCH_OPTIONS,
  resume: RESUME_OPTIONS,
  retry: RETRY_OPTIONS,
  status: STATUS_OPTIONS,
  outcomes: OUTCOMES_OPTIONS,
  verify: VERIFY_OPTIONS,
  doctor: DOCTOR_OPTIONS,
  compare: COMPARE_OPTIONS,
  serve: SERVE_OPTIONS,
} as const satisfies Record<string, OptionTable>;
