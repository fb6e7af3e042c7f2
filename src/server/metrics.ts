// Renders the server's statistics as Prometheus text. Loaded at the first scrape, as the client library costs
// 20 ms.

import { Counter, Gauge, Registry } from '@prometheus-io/client';
import type { AnswerStats, ServerStats } from './server-stats.ts';

/** Uses a new registry for each scrape: the counts are the replicas', and nothing is counted here. */
export async function renderMetrics(stats: ServerStats): Promise<{ contentType: string; text: string }> {
  const registry = new Registry();
  const make = { registers: [registry] };
  const counter = (name: string, help: string, value: number): void => {
    new Counter({ name: `spillway_server_${name}`, help, ...make }).inc(value);
  };
  const gauge = (name: string, help: string, value: number): void => {
    new Gauge({ name: `spillway_server_${name}`, help, ...make }).set(value);
  };
  addAnswers(registry, stats);
  gauge('open_connections', 'Connections open now', stats.connections.open);
  counter('connections_total', 'Connections accepted', stats.connections.total);
  counter('accept_errors_total', 'Accepts that failed', stats.connections.acceptErrors);
  counter('replicas_replaced_total', 'Replicas that died and were replaced', stats.replicasReplaced);
  counter('cpu_user_seconds_total', 'User time of all replicas', stats.cpuUserUs / 1e6);
  counter('cpu_system_seconds_total', 'System time of all replicas', stats.cpuSystemUs / 1e6);
  gauge('resident_memory_bytes', 'Resident memory of all replicas', stats.rssBytes);
  gauge('replicas', 'Replicas that serve now', stats.replicas.length);
  gauge('event_loop_utilization_ratio', 'Of the busiest replica', stats.eventLoopUtilizationRatio);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

const ANSWER_COUNTERS = {
  received: 'Requests in range',
  answered: 'Answers handed to a live connection',
  abandoned: 'Requests whose connection ended before the answer',
} as const;
const ANSWER_GAUGES = {
  distinct: 'Different numbers answered',
  duplicates: 'Answers beyond the first of each number',
  inFlight: 'Waiting for their delay now',
} as const;

/** Adds one metric family for each count, with the kind of answer as label. */
function addAnswers(registry: Registry, stats: ServerStats): void {
  const kinds: [string, AnswerStats][] = [
    ['trial', stats.trials],
    ['download', stats.downloads],
  ];
  for (const [field, help] of Object.entries(ANSWER_COUNTERS) as [keyof typeof ANSWER_COUNTERS, string][]) {
    const name = `spillway_server_${field}_total`;
    const metric = new Counter({ name, help, labelNames: ['kind'], registers: [registry] });
    for (const [kind, answers] of kinds) metric.inc({ kind }, answers[field]);
  }
  for (const [field, help] of Object.entries(ANSWER_GAUGES) as [keyof typeof ANSWER_GAUGES, string][]) {
    const name = `spillway_server_${field === 'inFlight' ? 'in_flight' : field}`;
    const metric = new Gauge({ name, help, labelNames: ['kind'], registers: [registry] });
    for (const [kind, answers] of kinds) metric.set({ kind }, answers[field]);
  }
}
