// The entry point of a thread: what the pool calls with plain data, and what it returns. Joins transport and engine
// and knows neither how trials are shared out nor what becomes of the account.

import { Tally } from '../measure/tally.ts';
import type { FetchTask } from '../model/fetch-task.ts';
import { LOAD_CONTROL, type LoadTask } from '../model/load/load-task.ts';
import { CONTROL, type TrialResult, type TrialTask } from '../model/messages.ts';
import type { Plan } from '../model/plan.ts';
import { splitCount } from '../model/split.ts';
import type { Lane, LaneOptions } from '../transport/lane.ts';
import { TlsClient } from '../transport/tls/tls-client.ts';

/** One share of a run, from the gate to the last trial. Also callable in the thread that asked, to be profiled. */
export async function runTrials(task: TrialTask): Promise<TrialResult> {
  const tally = new Tally(task.account.tally);
  // A fetch's threads start without it.
  const { TrialRun } = await import('./trial/trial-run.ts');
  const tls = new TlsClient(task.tls);
  const lanes = await openLanes(task, tally, tls);
  const control = new Int32Array(task.ledger.control);
  const run = new TrialRun(task, {
    lanes,
    openFallback: async () => {
      const { openUndiciLane } = await import('../transport/undici/undici-lane.ts');
      return openUndiciLane(laneOptions(task, originOf(task, 0), tally, tls));
    },
  });
  try {
    await waitAtGate(control);
    const failures = await run.run();
    await waitToClose(control);
    return { workerIndex: task.workerIndex, failures };
  } finally {
    await run.close();
  }
}

/** One share of a fetch. Loaded where it is asked for: a benchmark's threads start without it. */
export async function fetchTargets(task: FetchTask): Promise<void> {
  try {
    const room = await import('./fetch/fetch-targets.ts');
    await room.fetchTargets(task);
  } finally {
    // Also when nothing could be loaded, as without a file descriptor left: the runner waits for it.
    task.port.close();
  }
}

/** One share of a load. */
export async function runLoad(task: LoadTask): Promise<void> {
  const { openLoadRun } = await import('./load/open-load-run.ts');
  const { run, close } = await openLoadRun(task);
  const control = new Int32Array(task.shared.control);
  try {
    await run.ready();
    Atomics.add(control, LOAD_CONTROL.ready, 1);
    Atomics.notify(control, LOAD_CONTROL.ready);
    const wait = Atomics.waitAsync(control, LOAD_CONTROL.gate, 0);
    if (wait.async) await wait.value;
    await run.run(new Float64Array(task.shared.startedAtMs)[0] as number);
  } finally {
    await close();
  }
}

/**
 * Lanes over the destinations in turn, so that no (address, port) pair gets more than its share of connections. Only
 * the transport that is asked for is loaded: undici is 20 MB of a thread.
 */
async function openLanes(task: TrialTask, tally: Tally, tls: TlsClient): Promise<Lane[]> {
  const open = await loadTransport(task.plan);
  const lanes: Lane[] = [];
  for (const [index, share] of splitCount(task.connectionCount, task.laneCount).entries()) {
    if (share === 0) continue;
    lanes.push(open(laneOptions(task, originOf(task, index), tally, tls)));
  }
  return lanes;
}

async function loadTransport({ transport, family }: Plan): Promise<(options: LaneOptions) => Lane> {
  if (transport === 'wire') return (await import('../transport/wire/wire-lane.ts')).openWireLane;
  const { openUndiciLane } = await import('../transport/undici/undici-lane.ts');
  return (options) => openUndiciLane({ ...options, protocol: family === 'h2c' ? 'h2c' : 'h1' });
}

function originOf({ origins, workerIndex }: TrialTask, lane: number): string {
  return origins[(workerIndex + lane) % origins.length] as string;
}

function laneOptions(task: TrialTask, origin: string, tally: Tally, tls: TlsClient): LaneOptions {
  return {
    origin,
    depth: task.plan.pipelining,
    connectTimeoutMs: task.limits.connectMs,
    maxHeaderBytes: task.limits.maxHeaderBytes,
    headers: [['user-agent', task.userAgent]],
    tls,
    onHandshake: (isResumed) => {
      tally.add('handshakes', 1);
      if (isResumed) tally.add('handshakesResumed', 1);
    },
    onSurplus: () => tally.add('surplusAnswers', 1),
    onConnection: (event) => {
      if (event === 'closed') {
        tally.add('connectionsClosed', 1);
        return;
      }
      tally.add('connectionsOpened', 1);
      const openNow = tally.get('connectionsOpened') - tally.get('connectionsClosed');
      if (openNow > tally.get('connectionsPeak')) tally.set('connectionsPeak', openNow);
    },
  };
}

/** Says that this worker's share is settled, and leaves its connections alone until the others' are too. */
async function waitToClose(control: Int32Array): Promise<void> {
  Atomics.add(control, CONTROL.finished, 1);
  Atomics.notify(control, CONTROL.finished);
  const wait = Atomics.waitAsync(control, CONTROL.close, 0);
  if (wait.async) await wait.value;
}

/** Says that this worker stands ready and waits until the runner lets all go at once. */
async function waitAtGate(control: Int32Array): Promise<void> {
  Atomics.add(control, CONTROL.ready, 1);
  Atomics.notify(control, CONTROL.ready);
  const wait = Atomics.waitAsync(control, CONTROL.gate, 0);
  if (wait.async) await wait.value;
}
