// Pseudo-random numbers that are the same for the same seed. Pure.

/**
 * A 32-bit hash of a text: FNV-1a, then the finalizer of MurmurHash3, because FNV alone hardly mixes the last
 * characters.
 */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number in [0, 1), the same for the same text. */
export function seededRatio(text: string): number {
  return hash32(text) / 2 ** 32;
}

/** A sequence in [0, 1), the same for the same text: Mulberry32 (Tommy Ettinger, public domain). */
export function seededSequence(text: string): () => number {
  let state = hash32(text);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
