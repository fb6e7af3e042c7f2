// A date of HTTP (RFC 9110, section 5.6.7) in its three forms. Pure. `Date.parse` also takes what is none: `wait 2027`, or
// the 31st of February.

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `Sun, 06 Nov 1994 08:49:37 GMT`, and `Sunday, 06-Nov-94 …`; GMT may be left out, or be UTC or +0000. */
const WITH_DAY =
  /^[a-z]{3,9},? (?<day>\d{1,2})[ -](?<month>[a-z]{3})[ -](?<year>\d{4}|\d\d) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?: (?:GMT|UTC|[+-]0000))?$/iu;
/** `Sun Nov  6 08:49:37 1994`, as asctime of C writes it. */
const ASCTIME =
  /^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \d]\d) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d) (?<year>\d{4})(?: GMT)?$/iu;

/** Milliseconds since 1970; null for what is no date. */
export function parseHttpDate(text: string): number | null {
  const found = (WITH_DAY.exec(text.trim()) ?? ASCTIME.exec(text.trim()))?.groups;
  if (found === undefined) return null;
  const month = MONTHS.indexOf(found['month']?.toLowerCase() ?? '');
  const [year, day, hour, minute, second] = ['year', 'day', 'hour', 'minute', 'second'].map((name) =>
    Number(found[name]),
  ) as [number, number, number, number, number];
  // A leap second is the last of its minute.
  if (month === -1 || hour > 23 || minute > 59 || second > 60) return null;
  const atMs = Date.UTC(wholeYear(year), month, day, hour, minute, Math.min(second, 59));
  return new Date(atMs).getUTCDate() === day ? atMs : null;
}

/** Of two digits, the year that is no more than 50 years ahead. */
function wholeYear(year: number): number {
  if (year >= 100) return year;
  const now = new Date().getUTCFullYear();
  const here = now - (now % 100) + year;
  return here > now + 50 ? here - 100 : here;
}
