// The suites: which programs do which job with which server, and what is claimed of spillway in each. A table; the
// numbers in `claims` are this project's own targets. Entries of one case are measured in turn and compared in
// pairs.
import type { Claim, Job, Metric } from './measurement.ts';
import type { ProgramName } from './programs.ts';
import type { ServerSpec } from './servers.ts';
import type { Entry, Suite, SuiteCase } from './suite.ts';

const MB = 1e6;

function peer(program: ProgramName, threadCount = 1): Entry {
  const name = program === 'h2load' ? `h2load -t${threadCount}` : program;
  return { name, program, settings: { threadCount } };
}

function spillway(transport: 'undici' | 'wire', threadCount: number, options: readonly string[] = []): Entry {
  return {
    name: `spillway ${transport} x${threadCount}`,
    program: 'spillway',
    settings: { transport, threadCount, options },
  };
}

function ratio(entry: string, metric: Metric, against: string, atMost: number): Claim {
  return { kind: 'ratio', entry, metric, against, atMost };
}

function absolute(entry: string, metric: Metric, atMost: number): Claim {
  return { kind: 'absolute', entry, metric, atMost };
}

function whole(entry: string): Claim {
  return { kind: 'whole', entry };
}

const TEN_THOUSAND: Job = {
  family: 'one-per-connection',
  trialCount: 10_000,
  connectionCount: 10_000,
  depth: 1,
};

function onePerConnection(name: string, server: ServerSpec): SuiteCase {
  return {
    name,
    server,
    job: TEN_THOUSAND,
    timeoutMs: 90_000,
    entries: [
      peer('h2load', 2),
      spillway('wire', 2),
      spillway('undici', 2),
      peer('h2load', 1),
      spillway('wire', 1),
      spillway('undici', 1),
      peer('ab'),
      peer('hey', 2),
      peer('autocannon'),
      peer('aiohttp'),
    ],
    claims: [
      ratio('spillway undici x2', 'wallMs', 'h2load -t2', 1.25),
      ratio('spillway undici x2', 'wallMs', 'hey', 1),
      ratio('spillway undici x2', 'wallMs', 'ab', 1),
      ratio('spillway undici x2', 'wallMs', 'autocannon', 1),
      ratio('spillway undici x2', 'wallMs', 'aiohttp', 0.3),
      absolute('spillway undici x2', 'innerCpuUsPerRequest', 160),
      absolute('spillway undici x2', 'peakRssBytes', 350 * MB),
      // What a run takes by default.
      ratio('spillway wire x2', 'wallMs', 'h2load -t2', 1.25),
      ratio('spillway wire x2', 'wallMs', 'hey', 1),
      ratio('spillway wire x2', 'wallMs', 'ab', 1),
      ratio('spillway wire x2', 'wallMs', 'autocannon', 1),
      ratio('spillway wire x2', 'wallMs', 'aiohttp', 0.3),
      absolute('spillway wire x2', 'peakRssBytes', 350 * MB),
      // What it is to come to.
      ratio('spillway wire x2', 'wallMs', 'h2load -t2', 1),
      absolute('spillway wire x2', 'innerCpuUsPerRequest', 160),
      absolute('spillway wire x2', 'peakRssBytes', 130 * MB),
      absolute('spillway wire x2', 'startUpMs', 600),
    ],
    notes: [
      'wrk is not here: it runs for a time and cannot be asked for one request on each connection.',
      'Client and server share the machine; nobody is held to a processor.',
    ],
  };
}

function pipelined(
  trialCount: number,
  connectionCount: number,
  depth: number,
  claims: readonly Claim[],
): SuiteCase {
  return {
    name: `${trialCount.toLocaleString('en-US')} x 1 s, ${connectionCount} connections x ${depth}`,
    server: { kind: 'neutral', delayMs: 1000 },
    job: { family: 'pipelined', trialCount, connectionCount, depth },
    timeoutMs: 120_000,
    entries: [
      peer('h2load', 1),
      spillway('wire', 1),
      peer('h2load', 2),
      spillway('wire', 2),
      spillway('undici', 2),
    ],
    claims,
    notes: [
      'The server overlaps pipelined requests; nginx, ab, hey and aiohttp do not, so they have no place here.',
      'autocannon is not here: asked for 10,000 requests in pipelines of 100 it ends before all are answered.',
    ],
  };
}

/** At delay 0 the server has one processor and the client the other, so that neither takes from the other. */
/** What a client on one core has answered in a millisecond, about. */
const DELAY_0_PER_MS = 50;

/** Long enough that connecting and warming up, which are in the figure, are a small part of it. */
function delay0(connectionCount: number, trialCount: number, atMostOfWrk: number): SuiteCase {
  const slower: Entry[] = [peer('autocannon'), peer('hey')];
  return {
    name: `delay 0, ${connectionCount.toLocaleString('en-US')} connections`,
    server: { kind: 'nginx', delayMs: 0, processCount: 1, core: 0 },
    job: {
      family: 'one-per-connection',
      trialCount,
      connectionCount,
      depth: 1,
      durationMs: trialCount / DELAY_0_PER_MS,
    },
    clientCore: 1,
    timeoutMs: 120_000,
    entries: [peer('wrk'), spillway('wire', 1), peer('h2load'), spillway('undici', 1), ...slower],
    claims: [
      ratio('spillway wire x1', 'runCpuUsPerRequest', 'wrk', atMostOfWrk),
      ratio('spillway wire x1', 'runCpuUsPerRequest', 'autocannon', 0.45),
    ],
    notes: [
      'Compared is the CPU of the process less that of a run of one request, over the requests answered.',
      'wrk runs for about as long as the others take for a fixed number. hey keeps at most 500 connections alive and opens the rest anew.',
    ],
  };
}

function ownServer(
  trialCount: number,
  connectionCount: number,
  depth: number,
  isLean: boolean,
  claims: (entry: string) => readonly Claim[],
): SuiteCase {
  const transports = isLean ? (['wire'] as const) : (['undici', 'wire'] as const);
  const entries = transports.map((transport) => spillway(transport, 2));
  return {
    name: `${trialCount.toLocaleString('en-US')} x 1 s, own server${isLean ? ' (lean)' : ''}`,
    server: { kind: 'spillway', delayMs: 1000, itemCount: trialCount, replicaCount: 2, isLean },
    job: { family: 'pipelined', trialCount, connectionCount, depth },
    timeoutMs: 180_000,
    entries: [...entries, ...(isLean ? [peer('h2load', 2)] : [])],
    claims: entries.flatMap((entry) => claims(entry.name)),
    notes: ['The server takes more CPU a request than the client: it is what binds.'],
  };
}

function python(way: string, count: number, name: string, job: Partial<Job> = {}): Entry {
  return { name, program: 'python', settings: { options: [way, String(count)] }, job };
}

/** The demonstrations' clients in words of our own, beside ours. */
function fromPython(name: string, server: ServerSpec): SuiteCase {
  return {
    name,
    server,
    job: { family: 'one-per-connection', trialCount: 100_000, connectionCount: 1000, depth: 1 },
    timeoutMs: 300_000,
    entries: [
      { ...spillway('wire', 2), name: 'spillway' },
      python('processes', 16, '16 processes of 10 sessions'),
      python('sessions', 10, '10 sessions'),
      python('gather', 1, 'gather, one session'),
      python('threads', 10, '10 threads', { trialCount: 20_000 }),
      python('sequential', 1, 'one after another', { trialCount: 1000 }),
    ],
    claims: [ratio('spillway', 'wallMs', '16 processes of 10 sessions', 1)],
    notes: [
      'Threads and one after another are given fewer trials: what is compared is the time of a download.',
      'Every client reads the value of each answer and checks their sum; spillway proves each answer.',
    ],
  };
}

export const SUITES: readonly Suite[] = [
  {
    name: 'from-python',
    about: 'the ways of the Python demonstrations: 100,000 trials of 10 ms, each with a value in JSON',
    cases: [
      fromPython('100,000 x 10 ms, FastAPI on five uvicorn workers', {
        kind: 'fastapi',
        delayMs: 10,
        workerCount: 5,
      }),
      fromPython('100,000 x 10 ms, own server', {
        kind: 'spillway',
        delayMs: 10,
        itemCount: 100_000,
        replicaCount: 1,
        isLean: false,
        answer: 'json',
      }),
    ],
  },
  {
    name: 'one-per-connection',
    about: '10,000 one-second trials, each on a connection of its own',
    cases: [
      onePerConnection('10,000 x 1 s, nginx', { kind: 'nginx', delayMs: 1000, processCount: 2 }),
      onePerConnection('10,000 x 1 s, own server', {
        kind: 'spillway',
        delayMs: 1000,
        itemCount: 10_000,
        replicaCount: 2,
        isLean: false,
      }),
    ],
  },
  {
    name: 'pipelined',
    about: 'one-second trials in pipelines, against a server that is not ours',
    cases: [
      pipelined(10_000, 100, 100, [
        ratio('spillway wire x2', 'wallMs', 'h2load -t2', 1.1),
        absolute('spillway undici x2', 'wallMs', 1400),
      ]),
      pipelined(100_000, 1000, 100, [
        ratio('spillway wire x1', 'wallMs', 'h2load -t1', 1.1),
        ratio('spillway wire x2', 'wallMs', 'h2load -t2', 1.1),
      ]),
      pipelined(1_000_000, 1000, 1000, [
        absolute('spillway wire x1', 'wallMs', 2500),
        absolute('spillway wire x2', 'wallMs', 2500),
        absolute('spillway wire x2', 'peakRssBytes', 300 * MB),
      ]),
    ],
  },
  {
    name: 'own-server',
    about: 'pipelined one-second trials against spillway serve, with the proof of both sides',
    cases: [
      ownServer(10_000, 100, 100, false, (entry) => [
        whole(entry),
        absolute(entry, 'wallMs', 1400),
        absolute(entry, 'innerCpuUsPerRequest', 20),
        absolute(entry, 'startUpMs', 600),
      ]),
      ownServer(100_000, 1000, 100, false, (entry) => [
        whole(entry),
        absolute(entry, 'wallMs', 4000),
        absolute(entry, 'innerCpuUsPerRequest', 20),
      ]),
      ownServer(1_000_000, 1000, 100, false, (entry) => [
        whole(entry),
        absolute(entry, 'wallMs', 30_000),
        absolute(entry, 'innerCpuUsPerRequest', 20),
      ]),
      ownServer(1_000_000, 1000, 1000, true, (entry) => [whole(entry), absolute(entry, 'wallMs', 3000)]),
    ],
  },
  {
    name: 'processes',
    about: '50,000 real connections, more than one process may hold',
    cases: [
      {
        name: '50,000 x 1 s, own server (lean)',
        server: { kind: 'none', delayMs: 1000 },
        job: { family: 'one-per-connection', trialCount: 50_000, connectionCount: 50_000, depth: 1 },
        timeoutMs: 120_000,
        entries: [
          { ...spillway('wire', 2, ['--processes', 'auto', '--server', 'lean']), name: 'spillway wire' },
        ],
        claims: [whole('spillway wire'), absolute('spillway wire', 'wallMs', 8000)],
        notes: ['The bench starts its own lean server, on as many destinations as the ports ask for.'],
      },
    ],
  },
  {
    name: 'delay-0',
    about: 'client CPU a request where the server answers at once',
    cases: [
      delay0(64, 600_000, 1.3),
      delay0(512, 614_400, 1.15),
      delay0(2000, 600_000, 1.05),
      delay0(10_000, 600_000, 1.05),
    ],
  },
  {
    name: 'memory',
    about: 'peak memory: by connections, and by the number of trials',
    cases: [
      {
        name: '10,000 connections x 1 s, nginx',
        server: { kind: 'nginx', delayMs: 1000, processCount: 2 },
        job: TEN_THOUSAND,
        timeoutMs: 60_000,
        entries: [spillway('wire', 1), spillway('undici', 1), spillway('wire', 2), spillway('undici', 2)],
        claims: [
          absolute('spillway wire x1', 'peakRssBytes', 130 * MB),
          absolute('spillway wire x2', 'peakRssBytes', 130 * MB),
          absolute('spillway undici x1', 'peakRssBytes', 350 * MB),
          absolute('spillway undici x2', 'peakRssBytes', 350 * MB),
        ],
        notes: ['Memory is the largest resident set of the whole process, runtime and threads included.'],
      },
      {
        name: '100,000 to 10,000,000 trials, delay 0, own server (lean)',
        server: { kind: 'spillway', delayMs: 0, itemCount: 10_000_000, replicaCount: 1, isLean: true },
        job: { family: 'pipelined', trialCount: 100_000, connectionCount: 1000, depth: 100 },
        timeoutMs: 600_000,
        entries: (['undici', 'wire'] as const).flatMap((transport) =>
          [100_000, 1_000_000, 10_000_000].map((trialCount) =>
            Object.assign(spillway(transport, 1), {
              name: `${transport} ${trialCount.toLocaleString('en-US')}`,
              job: { trialCount },
            }),
          ),
        ),
        claims: ['undici', 'wire'].flatMap((transport) => [
          ratio(`${transport} 1,000,000`, 'peakRssBytes', `${transport} 100,000`, 1.2),
          ratio(`${transport} 10,000,000`, 'peakRssBytes', `${transport} 100,000`, 1.2),
          whole(`${transport} 10,000,000`),
        ]),
        notes: ['The same 100,000 in flight at most in each.'],
      },
    ],
  },
  {
    name: 'h2c',
    about: 'one-second trials as HTTP/2 streams without TLS',
    cases: [
      {
        name: '10,000 x 1 s, 100 connections x 100 streams, nginx',
        server: { kind: 'nginx', delayMs: 1000, processCount: 2, isHttp2: true },
        job: { family: 'h2c', trialCount: 10_000, connectionCount: 100, depth: 100 },
        timeoutMs: 60_000,
        entries: [peer('h2load', 2), spillway('undici', 2), peer('h2load', 1), spillway('undici', 1)],
        claims: [whole('spillway undici x2')],
        notes: [],
      },
    ],
  },
];
