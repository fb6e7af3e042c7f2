// Waiting in tests: for a condition with a deadline, never for a duration.
import { setTimeout as pause } from 'node:timers/promises';

/** Polls until `probe` holds. Rejects with `what` after the deadline. */
export async function waitUntil(
  what: string,
  probe: () => boolean | Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await probe())) {
    if (performance.now() > endMs) throw new Error(`deadline: ${what}`);
    await pause(5);
  }
}

/** True while a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
