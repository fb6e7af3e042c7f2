// Which request fields the wire transport can carry: plain text that does not concern the framing or the
// connection. Requests with other fields go to undici, which checks them or reports them. Pure.

import { isFieldName, isFieldValue } from '../../model/header-field.ts';

/** Fields with a meaning for the connection itself, or that the lane writes. */
const NOT_OURS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** @param fields names and values in turn */
export function isWireFields(fields: readonly string[]): boolean {
  return wireFields(fields).every(
    ([name, value]) => isFieldName(name) && isFieldValue(value) && !NOT_OURS.has(name.toLowerCase()),
  );
}

/** Names and values in turn, as pairs. */
export function wireFields(fields: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < fields.length; index += 2)
    pairs.push([fields[index] as string, fields[index + 1] as string]);
  return pairs;
}
