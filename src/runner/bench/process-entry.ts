// One further client process: the same worker group of threads, with its own ledger, which is sent back as bytes.
// It ends when its work is done, or when the process that started it is gone.

import { SpillwayError } from '../../model/errors.ts';
import type { SharedAccount } from '../../model/messages.ts';
import { openThreadGroup } from './worker-group.ts';
import { graceAfterAbort, THREADS_GRACE_MS } from './abort-grace.ts';
import { Ledger } from './ledger.ts';
import { ledgerToBytes, talliesToBytes } from './ledger-bytes.ts';
import type { FromProcess, ToProcess } from './process-messages.ts';

const PROGRESS_EVERY_MS = 100;

const orders = Promise.withResolvers<void>();
const mayClose = Promise.withResolvers<void>();
let ledger: Ledger | null = null;

process.on('disconnect', () => process.exit(0));
// A signal to the whole group reaches this process as well; the process that started it decides what the signal
// means.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('message', (message: ToProcess) => {
  switch (message.type) {
    case 'settle': {
      void settle(message);
      break;
    }
    case 'go': {
      orders.resolve();
      break;
    }
    case 'close': {
      mayClose.resolve();
      break;
    }
    case 'drain': {
      ledger?.drain();
      break;
    }
    case 'abort': {
      ledger?.abort();
      break;
    }
  }
});

function send(message: FromProcess): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

async function settle({
  tasks,
  trialCount,
  workerEntry,
}: Extract<ToProcess, { type: 'settle' }>): Promise<void> {
  const own = new Ledger(trialCount, tasks.length);
  ledger = own;
  const connectionCount = tasks.reduce((sum, task) => sum + task.connectionCount, 0);
  const options = { plan: { workerCount: tasks.length, processCount: 1, connectionCount }, ledger: own };
  await using workerGroup = openThreadGroup(
    workerEntry === null ? options : { ...options, workerEntry: new URL(workerEntry) },
  );
  const settling = workerGroup.settle(
    tasks.map((task, index) => ({
      ...task,
      workerIndex: index,
      ledger: own.shared,
      account: own.accounts[index] as SharedAccount,
    })),
  );
  try {
    await Promise.race([own.allReady(tasks.length), settling]);
    await send({ type: 'ready', workerCount: tasks.length });
    await orders.promise;
    const cpuBefore = process.cpuUsage();
    own.openGate();
    const timer = setInterval(
      () => void send({ type: 'progress', tallies: talliesToBytes(own) }),
      PROGRESS_EVERY_MS,
    );
    await Promise.race([own.allFinished(tasks.length), settling, graceAfterAbort(own, THREADS_GRACE_MS)]);
    const cpu = process.cpuUsage(cpuBefore);
    await send({ type: 'finished', workerCount: tasks.length });
    await Promise.race([mayClose.promise, own.aborted]);
    own.letClose();
    const failures = await Promise.race([settling, graceAfterAbort(own, THREADS_GRACE_MS)]);
    // A thread that still counts while its ledger is sent would make the account contradict itself.
    if (own.order === 'abort') await workerGroup[Symbol.asyncDispose]();
    clearInterval(timer);
    await send({
      type: 'settled',
      ledger: ledgerToBytes(own),
      failures,
      deaths: workerGroup.deaths,
      usage: {
        cpuUserUs: cpu.user,
        cpuSystemUs: cpu.system,
        peakRssBytes: process.resourceUsage().maxRSS * 1024,
      },
    });
  } catch (error) {
    await send({ type: 'broken', message: error instanceof SpillwayError ? error.message : String(error) });
  }
  process.disconnect?.();
}
