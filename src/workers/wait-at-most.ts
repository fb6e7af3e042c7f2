// A wait with a limit, for closings: what does not end by itself ends with its thread.

/** Resolves with `work`, or after `limitMs` without it. Rejects only where `work` rejects before that. */
export async function waitAtMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
