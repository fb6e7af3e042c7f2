// Whether an answer is what was expected. Pure: works on what a position kept of the answer.

import { type Check, type Expectations } from '../../model/load/load-task.ts';
import { readJsonPath } from '../../sources/json-path.ts';

export interface JudgedAnswer {
  readonly status: number;
  /** Value of Content-Type. */
  readonly type: string;
  readonly bytes: number;
  /** The part of the body that is kept for the checks. */
  readonly body: readonly Uint8Array[];
}

/** The first check that the answer fails; null for a right one. */
export function judgeAnswer(answer: JudgedAnswer, expect: Expectations): Check | null {
  const { statuses, type, lengthBytes, text, json } = expect;
  const { status } = answer;
  if (statuses === null ? status < 200 || status > 399 : !statuses.includes(status)) return 'status';
  if (type !== null && !isOfType(answer.type, type)) return 'type';
  if (lengthBytes !== null && answer.bytes !== lengthBytes) return 'length';
  if (text === null && json === null) return null;
  const body = Buffer.concat(answer.body).toString('utf8');
  if (text !== null && !body.includes(text)) return 'text';
  if (json !== null && !isJsonRight(body, json)) return 'json';
  return null;
}

/** Media types are compared without their parameters and in any case (RFC 9110, section 8.3.1). */
function isOfType(field: string, wanted: string): boolean {
  const found = (field.split(';')[0] ?? '').trim().toLowerCase();
  const asked = wanted.toLowerCase();
  return asked.endsWith('/*') ? found.startsWith(asked.slice(0, -1)) : found === asked;
}

/** Whether the value at the path is the wanted one, compared as JSON, or as text without its quotes. */
function isJsonRight(body: string, { path, value }: NonNullable<Expectations['json']>): boolean {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return false;
  }
  const found = readJsonPath(parsed, path);
  if (found === undefined) return false;
  return found === value || JSON.stringify(found) === value;
}
