// All commands with their options in one place, for the pages that describe them.

import { BENCH_OPTIONS } from './bench-options.ts';
import { DOCTOR_OPTIONS } from './doctor-options.ts';
import type { OptionTable } from './options.ts';
import { SERVE_OPTIONS } from './serve-options.ts';

export const OPTION_TABLES = {
  bench: BENCH_OPTIONS,
  doctor: DOCTOR_OPTIONS,
  serve: SERVE_OPTIONS,
} as const satisfies Record<string, OptionTable>;
