// All commands with their options in one place, for the pages that describe them.

import { BENCH_OPTIONS } from '../bench/bench-options.ts';
import { COMPARE_OPTIONS } from '../bench/compare.ts';
import { DOCTOR_OPTIONS } from '../bench/doctor-options.ts';
import { FETCH_OPTIONS } from '../fetch/fetch-options.ts';
import { LOAD_OPTIONS } from '../load/load-options.ts';
import type { OptionTable } from '../options.ts';
import { OUTCOMES_OPTIONS } from '../fetch/outcomes.ts';
import { RESUME_OPTIONS, RETRY_OPTIONS } from '../fetch/resume-options.ts';
import { SERVE_OPTIONS } from '../serve/serve-options.ts';
import { STATUS_OPTIONS } from '../fetch/status.ts';
import { VERIFY_OPTIONS } from '../fetch/verify.ts';

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
  load: LOAD_OPTIONS,
  serve: SERVE_OPTIONS,
} as const satisfies Record<string, OptionTable>;
