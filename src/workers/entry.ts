// The entry point of a thread: takes plain data from the pool and returns plain data. Joins transport and
// engine; knows neither how trials are shared out nor what happens to the account.

import { Tally } from '../measure/tally.ts';
import type { FetchTask } from '../model/fetch-task.ts';
import { LOAD_CONTROL, type LoadTask } from '../model/load/load-task.ts';
import { CONTROL, type TrialResult, type TrialTask } from '../model/messages.ts';
import type { Plan } from '../model/plan.ts';
import { splitCount } from '../model/split.ts';
import type { Lane, LaneOptions } from '../transport/lane.ts';
import { TlsClient } from '../transport/tls/tls-client.ts';

/**
 * Runs one share of a benchmark, from the gate to the last trial. The main thread may call it, too, to be
 * profiled.
 */
export async function runTrials(task: TrialTask): Promise<TrialResult> {
  const tally = new Tally(task.account.tally);
  // Loaded here, so that the threads of a fetch start without it.
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

/** Runs one share of a fetch. Loads the engine here, so that the threads of a benchmark start without it. */
export async function fetchTargets(task: FetchTask): Promise<void> {
  try {
    const room = await import('./fetch/fetch-targets.ts');
    await room.fetchTargets(task);
  } finally {
    // Also where nothing could be loaded, as without a free file descriptor: the runner waits for the port to
    // close.
    task.port.close();
  }
}

/** Runs one share of a load. */
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
 * Opens lanes over the destinations in turn, so that no (address, port) pair gets more than its share of
 * connections. Loads only the transport that is asked for: undici takes 20 MB in each thread.
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

/**
 * Says that this worker's share is settled, and keeps its connections open until those of the others are
 * settled, too.
 */
async function waitToClose(control: Int32Array): Promise<void> {
  Atomics.add(control, CONTROL.finished, 1);
  Atomics.notify(control, CONTROL.finished);
  const wait = Atomics.waitAsync(control, CONTROL.close, 0);
  if (wait.async) await wait.value;
}

/** Says that this worker is ready, and waits until the runner lets all workers start at once. */
async function waitAtGate(control: Int32Array): Promise<void> {
  Atomics.add(control, CONTROL.ready, 1);
  Atomics.notify(control, CONTROL.ready);
  const wait = Atomics.waitAsync(control, CONTROL.gate, 0);
  if (wait.async) await wait.value;
}
