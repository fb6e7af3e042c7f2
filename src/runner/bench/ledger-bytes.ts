// A ledger as bytes, for its way between processes, which cannot share memory.

import { Bitmap } from '../../measure/bitmap.ts';
import { Tally } from '../../measure/tally.ts';
import type { SharedAccount, TrialTask } from '../../model/messages.ts';
import type { Ledger } from './ledger.ts';

/** Everything a process has counted about its trials. */
export interface LedgerBytes {
  readonly settledOk: Uint8Array;
  readonly settledFailed: Uint8Array;
  readonly repeated: Uint8Array;
  /** One for each worker, in the order of its tasks. */
  readonly accounts: readonly Readonly<Record<keyof SharedAccount, Uint8Array>>[];
}

const ACCOUNT_PARTS = [
  'tally',
  'latency',
  'wireLatency',
  'connectTime',
  'timeline',
] as const satisfies (keyof SharedAccount)[];
const BITMAPS = ['settledOk', 'settledFailed', 'repeated'] as const;

export function ledgerToBytes(ledger: Ledger): LedgerBytes {
  return {
    settledOk: copyOf(ledger.shared.settledOk),
    settledFailed: copyOf(ledger.shared.settledFailed),
    repeated: copyOf(ledger.shared.repeated),
    accounts: ledger.accounts.map(
      (account) =>
        Object.fromEntries(
          ACCOUNT_PARTS.map((part) => [part, copyOf(account[part])]),
        ) as LedgerBytes['accounts'][number],
    ),
  };
}

/** The counters alone, for progress. */
export function talliesToBytes(ledger: Ledger): Uint8Array[] {
  return ledger.accounts.map((account) => copyOf(account.tally));
}

/** Copies what another process counted for these tasks into the ledger of the whole run. */
export function takeLedgerBytes(ledger: Ledger, tasks: readonly TrialTask[], bytes: LedgerBytes): void {
  for (const name of BITMAPS) ledger[name].addAll(Bitmap.fromBytes(bytes[name], ledger.trialCount));
  for (const [index, task] of tasks.entries()) {
    for (const part of ACCOUNT_PARTS) overwrite(task.account[part], bytes.accounts[index]?.[part]);
  }
}

/** Copies the counters of another process into the ledger, so that progress shows them. */
export function takeTallyBytes(tasks: readonly TrialTask[], tallies: readonly Uint8Array[]): void {
  for (const [index, task] of tasks.entries()) overwrite(task.account.tally, tallies[index]);
}

/**
 * Forgets what a dead process had counted for these tasks. The attempts it had reported count as lost, because they
 * are sent again; all trials of the tasks count as repeated, because the server may have seen any of them.
 */
export function forgetTasks(ledger: Ledger, tasks: readonly TrialTask[]): void {
  for (const { account, share } of tasks) {
    ledger.addLostAttempts(new Tally(account.tally).get('attemptsSent'));
    new Uint8Array(account.tally).fill(0);
    for (let trial = share.start; trial < share.end; trial++) ledger.repeated.add(trial);
  }
}

function copyOf(memory: SharedArrayBuffer): Uint8Array {
  return new Uint8Array(memory).slice();
}

function overwrite(memory: SharedArrayBuffer, bytes: Uint8Array | undefined): void {
  if (bytes !== undefined) new Uint8Array(memory).set(bytes);
}
