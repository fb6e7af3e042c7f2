// Ends the processes that this program started when it ends, also on an interrupt: a server left behind would take
// CPU from the next measurement.

const kills = new Set<() => void>();

/**
 * Registers how one process is ended; it must not wait for anything.
 * @returns call it when the process has ended by itself
 */
export function endWithUs(kill: () => void): () => void {
  if (kills.size === 0) process.on('exit', killAll);
  kills.add(kill);
  return () => {
    kills.delete(kill);
    if (kills.size === 0) process.off('exit', killAll);
  };
}

function killAll(): void {
  for (const kill of kills) kill();
}
