// A wait with an end: for closings, where what does not come to its end by itself ends with its thread.

/** Resolves with `work`, or after `limitMs` without it. Rejects only as `work` does, before that. */
export async function waitAtMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  const { promise: limit, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
