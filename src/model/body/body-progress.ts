// The progress of large bodies, in memory that a worker writes and the runner reads.

/** A body of this length or more gets a line of its own. */
export const LARGE_BODY_BYTES = 1024 * 1024;
/** How many bodies of each worker are shown, the largest first. */
const ROW_COUNT = 6;
/** Index of the target plus 1, bytes received, bytes in all; -1 when not known. */
const ROW_FIELDS = 3;
/** Of bodies in flight whose length is known: how many, bytes received, bytes still to come. */
const SUM_FIELDS = 3;

export interface LargeBody {
  readonly index: number;
  readonly bytes: number;
  /** null when the answer did not say. */
  readonly totalBytes: number | null;
}

/** Bodies in flight. */
export interface BodiesInFlight {
  /** How many have a known length; the next two fields count these only. */
  readonly knownCount: number;
  readonly bytes: number;
  readonly leftBytes: number;
  /** The largest bodies, largest first. */
  readonly large: readonly LargeBody[];
}

export function makeBodyProgress(): SharedArrayBuffer {
  return new SharedArrayBuffer((SUM_FIELDS + ROW_COUNT * ROW_FIELDS) * Float64Array.BYTES_PER_ELEMENT);
}

/** Replaces what was written before. @param bodies all that are in flight */
export function writeBodyProgress(memory: SharedArrayBuffer, bodies: Iterable<LargeBody>): void {
  const cells = new Float64Array(memory);
  const sums = [0, 0, 0] as [number, number, number];
  const large: LargeBody[] = [];
  for (const body of bodies) {
    const { bytes, totalBytes } = body;
    if (totalBytes !== null) {
      sums[0]++;
      sums[1] += bytes;
      sums[2] += Math.max(0, totalBytes - bytes);
    }
    if (sizeOf(body) >= LARGE_BODY_BYTES) large.push(body);
  }
  if (large.length > 1) large.sort((a, b) => sizeOf(b) - sizeOf(a) || a.index - b.index);
  cells.set(sums);
  for (let row = 0; row < ROW_COUNT; row++) {
    const body = large[row];
    const values = body === undefined ? [0, 0, 0] : [body.index + 1, body.bytes, body.totalBytes ?? -1];
    cells.set(values, SUM_FIELDS + row * ROW_FIELDS);
  }
}

/** The progress of all workers together. */
export function readBodyProgress(memories: readonly SharedArrayBuffer[]): BodiesInFlight {
  const large: LargeBody[] = [];
  let [knownCount, bytes, leftBytes] = [0, 0, 0];
  for (const memory of memories) {
    const cells = new Float64Array(memory);
    knownCount += cells[0] as number;
    bytes += cells[1] as number;
    leftBytes += cells[2] as number;
    for (let at = SUM_FIELDS; at < cells.length && cells[at] !== 0; at += ROW_FIELDS) {
      const [mark, there, total] = cells.subarray(at, at + ROW_FIELDS) as unknown as [number, number, number];
      large.push({ index: mark - 1, bytes: there, totalBytes: total < 0 ? null : total });
    }
  }
  large.sort((a, b) => sizeOf(b) - sizeOf(a) || a.index - b.index);
  return { knownCount, bytes, leftBytes, large };
}

function sizeOf({ bytes, totalBytes }: LargeBody): number {
  return totalBytes ?? bytes;
}
