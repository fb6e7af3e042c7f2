// The samples of a clinic flame graph in the form of a CPU profile, so that one table is made of both. Native frames
// that only name the binary are left out: their time counts for the function that called them.

import type { CpuProfile } from './self-times.ts';

/** One frame as clinic keeps it. */
interface FlameFrame {
  readonly name: string;
  readonly type: string;
}

/** Samples come about once a millisecond. */
const SAMPLE_US = 1000;

/** `name path:line:column`, after a blank where the function has no name. */
const FRAME = /^(.*?)\s*(\S+):(\d+):\d+$/;

/** @param stacks one list of frames a sample, outermost first */
export function profileOfStacks(stacks: readonly (readonly FlameFrame[])[]): CpuProfile {
  type Node = { id: number; callFrame: CpuProfile['nodes'][number]['callFrame']; children: number[] };
  const root: Node = {
    id: 1,
    callFrame: { functionName: '(no JavaScript)', url: '', lineNumber: -1 },
    children: [],
  };
  const nodes: Node[] = [root];
  const byPath = new Map<string, Node>();
  const samples = stacks.map((stack) => {
    let node = root;
    for (const { name, type } of stack) {
      if (type !== 'JS') continue;
      const key = `${node.id} ${name}`;
      let child = byPath.get(key);
      if (child === undefined) {
        const [, functionName = name, url = '', line = '1'] = FRAME.exec(name) ?? [];
        child = {
          id: nodes.length + 1,
          callFrame: { functionName: functionName.trim(), url, lineNumber: Number(line) - 1 },
          children: [],
        };
        byPath.set(key, child);
        nodes.push(child);
        node.children.push(child.id);
      }
      node = child;
    }
    return node.id;
  });
  return { nodes, samples, timeDeltas: samples.map(() => SAMPLE_US) };
}
