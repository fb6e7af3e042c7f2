// What a header field may be made of (RFC 9110, section 5). No flag `i`: with `u` it would also take what only folds to
// such a character, as the Kelvin sign does to k.

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/u;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/u;

export function isFieldName(text: string): boolean {
  return NAME.test(text);
}

/** True for what fits in a line of bytes. */
export function isFieldValue(text: string): boolean {
  return VALUE.test(text);
}
