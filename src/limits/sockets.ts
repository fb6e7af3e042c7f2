// What the kernel does with incoming connections: the accept and SYN queues, and the firewall's table.
import type { FactReader } from './fact-reader.ts';

export interface SocketFacts {
  /** The cap on every `listen` backlog. */
  readonly somaxconnCount: number | null;
  readonly maxSynBacklogCount: number | null;
  /** 0: a full SYN queue drops. 1: it answers with cookies. 2: always cookies. */
  readonly syncookies: number | null;
  /** 0: a full accept queue drops silently and the client waits a second. 1: it resets. */
  readonly abortOnOverflow: number | null;
  /** 0: never. 1: ports in TIME_WAIT are reused after a second. 2: on loopback only. */
  readonly timeWaitReuse: number | null;
  /** Whether the firewall tracks connections; null when that cannot be told. */
  readonly isTracking: boolean | null;
  /** Connections that the firewall tracks now; null with no reason kept when it tracks none. */
  readonly conntrackCount: number | null;
  readonly conntrackMaxCount: number | null;
}

export function readSockets(reader: FactReader): SocketFacts {
  const sys = `${reader.proc}/sys/net`;
  const number = (fact: string, path: string): number | null =>
    reader.number(`sockets.${fact}`, `${sys}/${path}`);
  const isTracking = !isTrackingOff(reader);
  const conntrackMaxCount = isTracking ? number('conntrackMaxCount', 'netfilter/nf_conntrack_max') : null;
  return {
    somaxconnCount: number('somaxconnCount', 'core/somaxconn'),
    maxSynBacklogCount: number('maxSynBacklogCount', 'ipv4/tcp_max_syn_backlog'),
    syncookies: number('syncookies', 'ipv4/tcp_syncookies'),
    abortOnOverflow: number('abortOnOverflow', 'ipv4/tcp_abort_on_overflow'),
    timeWaitReuse: number('timeWaitReuse', 'ipv4/tcp_tw_reuse'),
    isTracking: isTracking && conntrackMaxCount === null ? null : isTracking,
    conntrackCount: isTracking ? number('conntrackCount', 'netfilter/nf_conntrack_count') : null,
    conntrackMaxCount,
  };
}

/**
 * True when the settings of tracking are missing while others of the network are visible, and its statistics
 * are missing too.
 */
function isTrackingOff(reader: FactReader): boolean {
  const { proc } = reader;
  return (
    reader.isDirectory(`${proc}/sys/net`) &&
    reader.isKnownMissing(`${proc}/sys/net/netfilter/nf_conntrack_max`) &&
    reader.isKnownMissing(`${proc}/net/stat/nf_conntrack`)
  );
}
