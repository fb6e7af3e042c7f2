// Joins a load's share with the transport that its task names.

import type { LoadTask } from '../../model/load/load-task.ts';
import type { Lane, LaneOptions } from '../../transport/lane.ts';
import { TlsClient } from '../../transport/tls/tls-client.ts';
import { waitAtMost } from '../wait-at-most.ts';
import { LoadRun } from './load-run.ts';

/** Bounds the wait for connections that a server does not let go of. */
const MAX_CLOSE_MS = 2_000;

export async function openLoadRun(task: LoadTask): Promise<{ run: LoadRun; close: () => Promise<void> }> {
  const open = await loadTransport(task);
  const tls = new TlsClient(task.trust);
  const origins = [...new Set(task.requests.map(({ origin }) => origin))];
  // Made before the run, which sets them; the lanes call them.
  const counters = { opened: () => {}, closed: () => {}, surplus: () => {} };
  const lanes = origins.map((origin) =>
    open({
      origin,
      depth: task.depth,
      connectTimeoutMs: task.limits.connectTimeoutMs,
      maxHeaderBytes: task.limits.maxHeaderBytes,
      headers: task.headers,
      tls,
      onConnection: (event) => counters[event](),
      onSurplus: () => counters.surplus(),
    }),
  );
  const run = new LoadRun(task, { lanes, origins });
  const { tally } = run.account;
  counters.opened = () => tally.add('connectionsOpened', 1);
  counters.closed = () => tally.add('connectionsClosed', 1);
  counters.surplus = () => tally.add('surplusAnswers', 1);
  return {
    run,
    close: () =>
      waitAtMost(Promise.all([run.close(), ...lanes.map((lane) => lane.close(true))]), MAX_CLOSE_MS),
  };
}

async function loadTransport({ transport, protocol }: LoadTask): Promise<(options: LaneOptions) => Lane> {
  if (transport === 'wire') return (await import('../../transport/wire/wire-lane.ts')).openWireLane;
  const { openUndiciLane } = await import('../../transport/undici/undici-lane.ts');
  return (options) => openUndiciLane({ ...options, protocol: protocol === 'h2' ? 'h2c' : 'h1' });
}
