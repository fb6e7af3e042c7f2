// `spillway serve`: the mock server alone, until a signal ends it.

import { Command } from 'commander';
import { resolveReplicas } from '../../limits/cores.ts';
import { readLimits } from '../../limits/read.ts';
import { startServer } from '../../server/cluster.ts';
import { addOptions, readOptions, type ValuesOf } from '../options.ts';
import { SERVE_OPTIONS } from './serve-options.ts';

export function makeServeCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('serve')
    .allowExcessArguments(false)
    .action(async (given: Record<string, unknown>) => {
      finish(await serve(readOptions(SERVE_OPTIONS, given)));
    });
  return addOptions(command, SERVE_OPTIONS);
}

async function serve({ faults, ...values }: ValuesOf<typeof SERVE_OPTIONS>): Promise<number> {
  if (faults !== undefined) {
    const { serveFaults } = await import('./serve-faults.ts');
    return await serveFaults(faults, values);
  }
  const { replicas } = resolveReplicas(values.replicas, readLimits(), { sharesMachineWithClient: true });
  const { seed, delay, ...rest } = values;
  const stopped = Promise.withResolvers<number>();
  // Listens for signals before the ports are open: a program that reads the address may end the server at once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.resolve(0));
  await using server = await startServer({
    ...rest,
    replicas,
    delayMs: delay,
    ...(seed === undefined ? {} : { seed }),
  });
  server.onReplicaReplaced(({ pid, replacementPid }) => {
    process.stderr.write(`replica ${pid} died; ${replacementPid} serves in its place\n`);
  });
  server.onFailed((error) => stopped.reject(error));
  process.stdout.write(
    `listening on ${server.origins.join(' ')} with ${replicas} replica(s); docs at ${server.origins[0]}/docs\n`,
  );
  if (server.h2cOrigins.length > 0)
    process.stdout.write(`HTTP/2 over plain TCP on ${server.h2cOrigins.join(' ')}\n`);
  return await stopped.promise;
}
