// Formats numbers for reports, always with their unit or under a heading that names it.

import type { Estimate, Interval } from '../model/comparison.ts';

/** Shown when there is no number. */
export const NO_NUMBER = '–';

/** With fewer answers than this, p99 would be the largest latency. */
export const LEAST_FOR_P99 = 100;

/** `12,345`. Does not use Intl, whose first use takes 40 ms, a fifth of what a short fetch needs to start. */
export function formatCount(count: number | null): string {
  return count === null ? NO_NUMBER : count.toFixed(0).replaceAll(/\B(?=(?:\d{3})+$)/gu, ',');
}

/** `12,345/s` or `0.5/s`: one decimal when a whole number says too little. */
export function formatRate(perSec: number): string {
  return `${perSec < 9.95 ? Number(perSec.toFixed(1)) : formatCount(perSec)}/s`;
}

/** `812 ms`, `1.37 s`, `16 min 40 s`, `2 h 47 min`: at most three significant figures. */
export function formatMs(ms: number | null): string {
  if (ms === null) return NO_NUMBER;
  if (ms < 0.9995) return `${Math.round(ms * 1e3)} µs`;
  if (ms < 9.995) return `${ms.toFixed(2)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1e3).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1e3).toFixed(1)} s`;
  const seconds = Math.round(ms / 1e3);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A share of a whole: `73 %`. */
export function formatShare(ratio: number | null): string {
  return ratio === null ? NO_NUMBER : `${Math.round(ratio * 100)} %`;
}

/** `1.30×`; with more digits near one and fewer when large. */
export function formatTimes(ratio: number | null): string {
  if (ratio === null) return NO_NUMBER;
  if (ratio < 0.0995) return `${Number(ratio.toPrecision(2))}×`;
  const digits = ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2;
  return `${ratio.toFixed(digits)}×`;
}

export function formatMicroseconds(us: number | null): string {
  if (us === null) return NO_NUMBER;
  return us < 10 ? `${us.toFixed(1)} µs` : us < 9_995 ? `${formatCount(us)} µs` : formatMs(us / 1e3);
}

/** A size in MiB, and in GiB from 10 GiB. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return NO_NUMBER;
  const mib = bytes / 2 ** 20;
  return mib < 10_240 ? `${Math.round(mib)} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

/** `1.20 s to 1.40 s (95 %)`: the range and its confidence. */
export function formatInterval(interval: Interval | null, format: (value: number) => string): string {
  if (interval === null) return NO_NUMBER;
  const sure = interval.confidenceRatio * 100;
  const percent = sure > 99 && sure < 100 ? sure.toFixed(1) : String(Math.round(sure));
  return `${format(interval.low)} to ${format(interval.high)} (${percent} %)`;
}

/** The median of an estimate, or the dash. */
export function formatMedian(estimate: Estimate | null, format: (value: number) => string): string {
  return estimate === null ? NO_NUMBER : format(estimate.median);
}

/** `20.5 kB`: the unit fits the size, as one body and a whole run are shown side by side. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
