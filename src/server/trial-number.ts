// Parses the number of a trial, or another number, from a path. Pure.

/** The number of a path segment in canonical decimal ("0", "41"; not "007", "1.0", "-1", " 1"), or -1. */
export function parseTrialNumber(text: string, items: number): number {
  return text.length > 8 ? -1 : parseNumber(text, items);
}

/** The same for any number below `bound`, which is at most 2^31. */
export function parseNumber(text: string, bound: number): number {
  const { length } = text;
  if (length === 0 || length > 10) return -1;
  let value = 0;
  for (let index = 0; index < length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  if (length > 1 && text.charCodeAt(0) === 48) return -1;
  return value < bound ? value : -1;
}
