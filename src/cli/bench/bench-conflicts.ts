// Options of `bench` that have no effect beside the others. Whoever types one expects an effect, so it is refused
// instead of ignored.

import { SpillwayError } from '../../model/errors.ts';
import { BENCH_OPTIONS, type BenchValues, TINYBENCH } from './bench-options.ts';

type Name = keyof BenchValues;

const TAKEN_BY_PAGES: ReadonlySet<Name> = new Set([
  'scenario',
  'files',
  'strategy',
  'rounds',
  'seed',
  'delay',
  'deadline',
  'json',
]);
const OF_ROUNDS: ReadonlySet<Name> = new Set(['json', 'scaling']);
const OF_OUR_SERVER: ReadonlySet<Name> = new Set(['replicas', 'server', 'answer', 'tls', 'port']);
const OF_HTTPS: ReadonlySet<Name> = new Set(['ca', 'insecure']);

/** @param isGiven whether it was typed @throws SpillwayError `ERR_OPTION` naming each option without effect */
export function refuseConflicts(values: BenchValues, isGiven: (name: Name) => boolean): void {
  const given = (Object.keys(BENCH_OPTIONS) as Name[]).filter(isGiven);
  const problems = given.flatMap((name) => {
    const reason = whyNotTaken(name, values);
    return reason === null
      ? []
      : [`${BENCH_OPTIONS[name].flags.split(' ')[0]}: expected to be left out ${reason}`];
  });
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
}

function whyNotTaken(name: Name, { scenario, origin, processes, report }: BenchValues): string | null {
  if (scenario === 'pages') return TAKEN_BY_PAGES.has(name) ? null : 'with --scenario pages';
  if (name === 'files') return 'without --scenario pages';
  if (report === TINYBENCH && OF_ROUNDS.has(name)) return 'with --report tinybench, which has no rounds';
  if (origin !== undefined && OF_OUR_SERVER.has(name))
    return 'with --origin, whose server is not ours to shape';
  if (OF_HTTPS.has(name) && origin?.startsWith('https:') !== true) return 'without an https --origin';
  if (name === 'inProcess' && processes !== 'auto' && processes > 1)
    return `with --processes ${processes}, which have workers of their own`;
  return null;
}
