// What a figure needs beside it to mean anything: the versions, the machine and its load.

import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Limits } from '../limits/read.ts';
import type { MachineFacts } from '../model/record.ts';
import { manifestUrl } from '../program-url.ts';
import { PROGRAM_VERSION } from '../version.ts';

/** Names the program honestly, so that a site's operator can find out what it is. */
export const USER_AGENT = `spillway/${PROGRAM_VERSION}`;

export function readVersions(): Record<string, string> {
  const { node, v8, uv, undici, llhttp } = process.versions;
  return {
    spillway: PROGRAM_VERSION,
    node,
    v8,
    uv,
    ...(undici === undefined ? {} : { 'undici (in node)': undici }),
    ...(llhttp === undefined ? {} : { llhttp }),
    ...dependencyVersions(['undici', 'piscina', 'fastify']),
  };
}

function dependencyVersions(names: readonly string[]): Record<string, string> {
  const manifest = JSON.parse(readFileSync(manifestUrl, 'utf8')) as {
    dependencies: Record<string, string>;
    optionalDependencies: Record<string, string>;
  };
  const versions = { ...manifest.dependencies, ...manifest.optionalDependencies };
  return Object.fromEntries(names.map((name) => [name, versions[name] ?? 'unknown']));
}

export function readMachine(limits: Limits): MachineFacts {
  const cores = cpus();
  return {
    cpuModel: cores[0]?.model.trim() ?? 'unknown',
    coreCount: cores.length,
    usableCores: limits.cpu.usableCores,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
    loadAverage: loadavg(),
  };
}
