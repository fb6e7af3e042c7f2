// The characters allowed in a header field (RFC 9110, section 5). The flag `i` is not used: with `u` it would
// also accept characters that only fold to these, such as the Kelvin sign for k.

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/u;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/u;

export function isFieldName(text: string): boolean {
  return NAME.test(text);
}

/** True for text whose characters each fit in a byte. */
export function isFieldValue(text: string): boolean {
  return VALUE.test(text);
}
