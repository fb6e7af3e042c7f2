// Compares what a plan needs with what the system allows: pure, one finding for each limit, each with the one
// command that raises it. It changes nothing. capacity.ts and accept-queue.ts hold the numbers, which the
// planner uses too.
import type { Finding, LimitName, Verdict } from '../model/finding.ts';
import type { Plan } from '../model/plan.ts';
import type { AcceptQueue } from './accept-queue.ts';
import { maxConnectionsByAcceptQueue, paceConnects, queueLength } from './accept-queue.ts';
import { countReservedFiles, formatMiB, maxConnectionsByFiles, MEMORY_USE_RATIO } from './capacity.ts';
import { maxConnectionsByPorts, freePorts, towards } from './capacity.ts';
import { cpuFix, filesFix, memoryFix, portsFix, raisedLimit, threadsFix } from './fixes.ts';
import type { Destination } from './held-ports.ts';
import type { Limits } from './read.ts';

/** What a run takes from the system: a `Plan` with three more fields. */
export interface PlanNeed
  extends Pick<
    Plan,
    'processCount' | 'workerCount' | 'connectionCount' | 'destinationCount' | 'maxConnecting'
  > {
  /**
   * Replicas of the mock server that the run starts on this machine; 0 when the server runs already or is not
   * ours.
   */
  readonly replicaCount: number;
  /** Memory that the run needs at its peak on this machine, including its own server. */
  readonly memoryBytes: number;
  readonly acceptQueue: AcceptQueue;
  /** Where the connections go; null for a server that the run starts. */
  readonly destination: Destination | null;
}

/** Above this share of a hard limit the plan is `tight`: other programs and our own files need some room. */
const TIGHT_RATIO = 0.95;
/** Threads of an idle Node.js process: 7, and 4 more after file or name look-ups; each worker adds one. */
const NODE_THREAD_COUNT = 11;

/**
 * One finding for each limit that the plan touches, in a fixed order. If any is `refused`, the run would fail.
 */
export function checkPlan(need: PlanNeed, limits: Limits): Finding[] {
  return [
    checkFiles(need, limits),
    ...(need.replicaCount > 0 ? [checkServerFiles(need, limits)] : []),
    checkSystemFiles(need, limits),
    checkPorts(need, limits),
    checkAcceptQueue(need, limits),
    checkMemory(need, limits),
    checkCpu(need, limits),
    checkThreads(need, limits),
    ...(limits.sockets.conntrackMaxCount === null ? [] : [checkConntrack(need, limits)]),
  ];
}

interface Judgement {
  readonly limit: LimitName;
  readonly needed: number;
  readonly allowed: number | null;
  /** Set when the verdict does not depend on `TIGHT_RATIO`. */
  readonly verdict?: Verdict;
  readonly expected: string;
  readonly found: string;
  /** What to do when the verdict is not `ok`. */
  readonly advice: string;
  readonly fix: string | null;
  readonly buys: string;
}

function judge(judgement: Judgement): Finding {
  const { limit, needed, allowed, expected, found, advice, fix, buys } = judgement;
  const verdict = allowed === null ? 'unknown' : (judgement.verdict ?? verdictOf(needed, allowed));
  const message = `expected ${expected}, found ${found}${verdict === 'ok' ? '' : `; ${advice}`}`;
  return { limit, verdict, allowed, needed, message, fix, buys };
}

function verdictOf(needed: number, allowed: number): Verdict {
  if (needed > allowed) return 'refused';
  return needed > allowed * TIGHT_RATIO ? 'tight' : 'ok';
}

function checkFiles(need: PlanNeed, limits: Limits): Finding {
  const users = {
    workerCount: Math.ceil(need.workerCount / need.processCount),
    childCount: need.processCount - 1 + need.replicaCount,
  };
  const needed = Math.ceil(need.connectionCount / need.processCount);
  const { count, reason } = maxConnectionsByFiles(limits, users);
  const isFree = limits.files.softCount === 'unlimited';
  return judge({
    limit: 'files',
    needed,
    allowed: isFree ? needed : count,
    ...(isFree ? { verdict: 'ok' } : {}),
    expected: `room for ${needed} connections in each of ${need.processCount} process(es)`,
    found: reason,
    advice: `open fewer connections at once (in waves), use more processes, or raise the limit of open files`,
    ...filesFix(limits, needed, countReservedFiles(limits, users)),
  });
}

/**
 * The largest share: the hash distributes connections unevenly, so four standard deviations are added to the mean.
 */
function largestShare(total: number, parts: number): number {
  if (parts <= 1) return total;
  const mean = total / parts;
  return Math.min(total, Math.ceil(mean + 4 * Math.sqrt(mean)));
}

function checkServerFiles(need: PlanNeed, limits: Limits): Finding {
  const needed = largestShare(need.connectionCount, need.replicaCount);
  // The replicas are forked by this process and inherit its limit; they run no worker threads.
  const fresh: Limits = { ...limits, files: { ...limits.files, inUseCount: 0 } };
  const { count, reason } = maxConnectionsByFiles(fresh, { workerCount: 0 });
  const isFree = limits.files.softCount === 'unlimited';
  return judge({
    limit: 'server-files',
    needed,
    allowed: isFree ? needed : count,
    ...(isFree ? { verdict: 'ok' } : {}),
    expected: `room for ${needed} connections in each of ${need.replicaCount} replica(s)`,
    found: reason,
    advice: 'start more replicas, open fewer connections at once, or raise the limit of open files',
    ...filesFix(limits, needed, countReservedFiles(fresh, { workerCount: 0 })),
  });
}

function checkSystemFiles(need: PlanNeed, limits: Limits): Finding {
  const { systemInUseCount, systemMaxCount } = limits.files;
  const ends = need.replicaCount > 0 ? 2 : 1;
  const needed = need.connectionCount * ends;
  const isFree = systemMaxCount === 'unlimited';
  const allowed =
    typeof systemMaxCount === 'number' ? Math.max(0, systemMaxCount - (systemInUseCount ?? 0)) : null;
  const target = raisedLimit((systemInUseCount ?? 0) + needed * 2, systemMaxCount);
  return judge({
    limit: 'system-files',
    needed,
    allowed: isFree ? needed : allowed,
    ...(isFree ? { verdict: 'ok' } : {}),
    expected: `${needed} files free in the system (${ends} for each connection)`,
    found: allowed === null ? (isFree ? 'no limit' : 'a limit that cannot be read here') : `${allowed} free`,
    advice: 'open fewer connections at once, or raise the limit of the system',
    fix: isFree ? null : `sysctl -w fs.file-max=${target}`,
    buys: `${Math.floor(target / ends)} connections on this machine`,
  });
}

function checkPorts(need: PlanNeed, limits: Limits): Finding {
  const needed = Math.ceil(need.connectionCount / need.destinationCount);
  const { count: allowed, quickCount } = freePorts(limits, need.destination);
  const { reason } = maxConnectionsByPorts(limits, need.destinationCount, need.destination);
  const verdict = needed > (allowed ?? 0) ? 'refused' : needed > (quickCount ?? 0) ? 'tight' : 'ok';
  const slower = 'beyond half of the range, which Linux gives first, each connect is slower; ';
  return judge({
    limit: 'ports',
    needed,
    allowed,
    verdict,
    expected: `${needed} local ports ${towards(need.destinationCount)}`,
    found: reason,
    advice: `${verdict === 'tight' ? slower : ''}spread the connections over more destinations (addresses or ports), or widen the range`,
    ...portsFix(limits),
  });
}

function checkAcceptQueue(need: PlanNeed, limits: Limits): Finding {
  const { acceptQueue, connectionCount } = need;
  const { count, reason } = maxConnectionsByAcceptQueue(limits, acceptQueue);
  const pace = paceConnects(limits, acceptQueue, need);
  const isPaced = need.workerCount <= pace.connectingWorkerCount && need.maxConnecting <= pace.maxConnecting;
  const isCutBySystem = acceptQueue.ours && queueLength(limits, acceptQueue) < acceptQueue.backlog;
  return judge({
    limit: 'accept-queue',
    needed: connectionCount,
    allowed: count,
    // Never `refused`: the kernel sends what does not fit again after 1 s, 3 s and 7 s.
    verdict: connectionCount <= count ? 'ok' : 'tight',
    expected: `${connectionCount} connections to fit in the server's accept queues`,
    found: reason,
    advice: isPaced
      ? 'the plan paces its connects, yet each one that overflows waits 1 s or more without an error: look at ' +
        'the counters after the run, open fewer, or give the server more or longer queues'
      : 'connections that overflow wait 1 s or more without an error: connect from ' +
        `${pace.connectingWorkerCount} worker(s) with at most ${pace.maxConnecting} in the making each, ` +
        'open fewer, or give the server more or longer queues',
    fix: isCutBySystem ? `sysctl -w net.core.somaxconn=${acceptQueue.backlog}` : null,
    buys: isCutBySystem
      ? `the whole backlog of ${acceptQueue.backlog} in each queue, from the server's next start`
      : acceptQueue.ours
        ? `nothing by a command: the server's own backlog of ${acceptQueue.backlog} binds`
        : 'nothing by a command here: the queue belongs to the server',
  });
}

function checkMemory(need: PlanNeed, limits: Limits): Finding {
  const { usableBytes, boundBy } = limits.memory;
  const allowed = Math.floor(usableBytes * MEMORY_USE_RATIO);
  const verdict = need.memoryBytes <= allowed ? 'ok' : need.memoryBytes <= usableBytes ? 'tight' : 'refused';
  return judge({
    limit: 'memory',
    needed: need.memoryBytes,
    allowed,
    verdict,
    expected: `${formatMiB(need.memoryBytes)} at the peak of the run`,
    found: `${formatMiB(allowed)}, three quarters of what the ${boundBy} leaves`,
    advice: 'open fewer connections at once, or give the run more memory',
    ...memoryFix(limits),
  });
}

function checkCpu(need: PlanNeed, limits: Limits): Finding {
  const { usableCores, how } = limits.cpu;
  const fits = usableCores >= 1 && need.workerCount <= Math.ceil(usableCores);
  return judge({
    limit: 'cpu',
    needed: need.workerCount,
    allowed: usableCores,
    verdict: fits ? 'ok' : 'tight',
    expected: `a core for each of ${need.workerCount} worker(s)`,
    found: `${usableCores} usable (${how})`,
    advice: 'use fewer workers or allow more cores; the times then measure the cores, not the server',
    ...cpuFix(limits),
  });
}

function checkThreads(need: PlanNeed, limits: Limits): Finding {
  const processCount = need.processCount + need.replicaCount;
  const needed = processCount * NODE_THREAD_COUNT + need.workerCount;
  const { usableCount, boundBy } = limits.threads;
  return judge({
    limit: 'threads',
    needed,
    allowed: usableCount,
    expected: `${needed} threads (${processCount} process(es), ${need.workerCount} worker(s))`,
    found: usableCount === null ? 'a limit that cannot be read here' : `${usableCount} by the ${boundBy}`,
    advice: 'use fewer workers and replicas, or raise the limit of threads',
    ...threadsFix(limits, needed),
  });
}

function checkConntrack(need: PlanNeed, limits: Limits): Finding {
  const { conntrackCount, conntrackMaxCount } = limits.sockets;
  const allowed = Math.max(0, (conntrackMaxCount ?? 0) - (conntrackCount ?? 0));
  const target = raisedLimit((conntrackCount ?? 0) + need.connectionCount * 2, conntrackMaxCount);
  return judge({
    limit: 'conntrack',
    needed: need.connectionCount,
    allowed,
    expected: `${need.connectionCount} free entries in the firewall's table of connections`,
    found: `${allowed} of ${conntrackMaxCount}`,
    advice: 'open fewer connections at once, or enlarge the table',
    fix: `sysctl -w net.netfilter.nf_conntrack_max=${target}`,
    buys: `${target} followed connections; without room the firewall drops new ones in silence`,
  });
}
