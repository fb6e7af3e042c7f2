// Where a run stands, as a person reads it. Pure.

import type { RunSession, RunStatus } from '../model/run-journal.ts';
import { formatCount } from './format-numbers.ts';
import { printable } from './printable.ts';

const STATES: Record<RunStatus['state'], string> = {
  running: 'at work',
  stopped: 'stopped before its end',
  broken: 'broken off',
  done: 'done',
  killed: 'ended by force: its last process did not get to say why',
};
/** How many sessions are shown; of more, the first ones are omitted. */
const MAX_SESSIONS = 10;

export function statusLines(status: RunStatus): string[] {
  const { run, state, pid, host, targets, counts, perSec, settledUpTo, pages } = status;
  const shownRun = printable(run);
  const at = pid === null ? '' : `, process ${pid} on ${printable(host ?? '')}`;
  const of = targets === null ? '' : ` of ${formatCount(targets)}`;
  const lines = [
    `${shownRun}: ${STATES[state]}${at}`,
    `${formatCount(counts.settled)}${of} settled = ${formatCount(counts.ok)} ok + ${formatCount(counts.failed)} failed + ${formatCount(counts.skipped)} skipped; the first ${formatCount(settledUpTo)} without a gap`,
  ];
  if (perSec !== null) lines.push(`${formatCount(Math.round(perSec))} targets a second just now`);
  if (pages !== null) lines.push(`${formatCount(pages)} pages of the list taken`);
  for (const [code, count] of Object.entries(counts.failures)) {
    lines.push(
      `failed, ${code}: ${formatCount(count)}${code === 'http-status' ? shownStatuses(status) : ''}`,
    );
  }
  for (const [reason, count] of Object.entries(counts.skips))
    lines.push(`skipped, ${reason}: ${formatCount(count)}`);
  const { sessions } = status;
  if (sessions.length > MAX_SESSIONS)
    lines.push(`${formatCount(sessions.length - MAX_SESSIONS)} sessions before`);
  lines.push(
    ...sessions
      .slice(-MAX_SESSIONS)
      .map((session) => sessionLine(session, pid !== null && session === sessions.at(-1))),
  );
  if (pid === null && state !== 'done') lines.push(`go on: spillway resume ${shownRun}`);
  if (pid === null && counts.failed > 0) lines.push(`fetch what failed again: spillway retry ${shownRun}`);
  return lines;
}

function shownStatuses({ statuses }: RunStatus): string {
  const shown = Object.entries(statuses).map(([status, count]) => `${status} × ${formatCount(count)}`);
  return ` (${shown.join(', ')})`;
}

function sessionLine(
  { number, kind, pid, startedAt, endedAt, ended, settledBefore }: RunSession,
  isLive: boolean,
): string {
  const end = endedAt === null ? (isLive ? 'at work' : 'ended by force') : `${ended} ${endedAt}`;
  return `session ${number}: ${kind}, process ${pid}, from ${startedAt}, ${end}; ${formatCount(settledBefore)} were settled before`;
}
