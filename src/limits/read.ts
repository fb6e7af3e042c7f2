// The first step of a run: reads what the operating system allows and changes nothing. Every fact is a value
// or null, and the reason for each null is kept, so that other systems and locked-down containers work too.
import type { CpuFacts } from './cpu.ts';
import { readCpu } from './cpu.ts';
import type { LimitRoots, UnknownFact } from './fact-reader.ts';
import { FactReader } from './fact-reader.ts';
import type { FileFacts } from './files.ts';
import { readFiles } from './files.ts';
import type { MemoryFacts } from './memory.ts';
import { readMemory } from './memory.ts';
import type { PortFacts } from './ports.ts';
import { readPorts } from './ports.ts';
import type { SocketFacts } from './sockets.ts';
import { readSockets } from './sockets.ts';
import type { ThreadFacts } from './threads.ts';
import { readThreads } from './threads.ts';

export interface Limits {
  readonly cpu: CpuFacts;
  readonly memory: MemoryFacts;
  readonly files: FileFacts;
  readonly ports: PortFacts;
  readonly sockets: SocketFacts;
  readonly threads: ThreadFacts;
  /** The facts that are null because they cannot be read here, each with its reason. */
  readonly unknown: readonly UnknownFact[];
}

/**
 * What this machine allows this process now, as plain data. It takes 1 to 10 ms, and some 80 ms more for each
 * 20,000 open sockets, whose table is read. Never throws for a fact that it cannot read.
 */
export function readLimits(roots: LimitRoots = {}): Limits {
  const reader = new FactReader(roots);
  return {
    cpu: readCpu(reader),
    memory: readMemory(reader),
    files: readFiles(reader),
    ports: readPorts(reader),
    sockets: readSockets(reader),
    threads: readThreads(reader),
    unknown: reader.unknown,
  };
}
