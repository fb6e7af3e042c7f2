// Limits the garbage that a long fetch or audit may keep. V8 lets a heap grow to four times its live objects, and
// the young generation to 32 MB. Over a million targets three threads with 12 MB of live objects each grew slowly
// to 320 MB, so that a long run looked like one that leaks.

import { setFlagsFromString } from 'node:v8';

/** V8 collects the old generation when it has grown by this much since the last collection. */
const GROWTH_PERCENT = 30;

/**
 * Keeps this process as large after a million targets as after ten thousand: 170 MB instead of 270 at 150,000, for
 * 2 % more CPU. Call it before the work begins, and only in a process that is ours: it holds for all of its
 * threads.
 */
export function keepHeapFlat(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  // Keeps the young generation at its initial size, 1 MB.
  setFlagsFromString('--semi-space-growth-factor=1');
}
