// Turns any text into one file name that every file system accepts and that stays inside its directory: no
// separators, no control or invisible characters, no device name of Windows, at most 255 bytes, never hidden, never
// empty and never an option of a command.

/** ext4, APFS, NTFS and ZFS allow 255; some bytes are reserved for a suffix against collisions. */
const MAX_NAME_BYTES = 255;
const SUFFIX_ROOM_BYTES = 24;
const MAX_EXTENSION_BYTES = 16;
/** Used when nothing of the wanted name is left, as web servers do. */
const EMPTY_NAME = 'index';

/** Longer texts lose their middle first; the end is kept for its extension. */
const MAX_WANTED = { characters: 2048, headCharacters: 1024, tailCharacters: 64 };

/**
 * Control characters, what Windows forbids, lone surrogates, invisible characters, and those that change direction.
 */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\ufffd<>:"/\\|?*]/gu;
/** Spaces that look like the ordinary one. */
const BLANK = /\p{Zs}/gu;
const DEVICE =
  /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?= *(?:\.|$))/iu;
/** Extensions that belong to the one after them: `.tar.gz` is kept whole. */
const DOUBLE_EXTENSION = /\.(?:tar|warc|cpio)\.[\w]{1,4}$/iu;

/** Most names: nothing to replace, to fold or to cut. */
const PLAIN = /^\w(?:[\w.-]{0,98}[\w-])?$/u;

/**
 * Returns a valid file name as close to `wanted` as possible.
 * @param maxBytes of UTF-8; @default leaves bytes for a suffix
 */
export function safeName(wanted: string, maxBytes = MAX_NAME_BYTES - SUFFIX_ROOM_BYTES): string {
  if (PLAIN.test(wanted) && !DEVICE.test(wanted)) return wanted;
  const { characters, headCharacters, tailCharacters } = MAX_WANTED;
  const short =
    wanted.length <= characters ? wanted : wanted.slice(0, headCharacters) + wanted.slice(-tailCharacters);
  let name = trimEnd(
    short.toWellFormed().normalize('NFC').replace(FORBIDDEN, '_').replace(BLANK, ' '),
  ).trimStart();
  // A leading dot hides a file (and "." and ".." are not files), a leading dash is an option of a command.
  name = name.replace(/^[. -]+/u, (start) => (start.length === name.length ? '' : '_'));
  if (name === '') name = EMPTY_NAME;
  name = name.replace(DEVICE, (device) => `${device}_`);
  return shorten(name, maxBytes);
}

/** `name` with `suffix` before its extension: `a.tar.gz` and `~7` give `a~7.tar.gz`. */
export function withSuffix(name: string, suffix: string): string {
  const { stem, extension } = splitWhole(name);
  return `${stem}${suffix}${extension}`;
}

export function splitExtension(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || Buffer.byteLength(name.slice(dot)) > MAX_EXTENSION_BYTES)
    return { stem: name, extension: '' };
  return { stem: name.slice(0, dot), extension: name.slice(dot) };
}

/** Splits a name, and keeps a double extension whole. */
function splitWhole(name: string): { stem: string; extension: string } {
  const double = DOUBLE_EXTENSION.exec(name.slice(-MAX_EXTENSION_BYTES))?.[0];
  if (double === undefined || double.length >= name.length) return splitExtension(name);
  return { stem: name.slice(0, -double.length), extension: double };
}

/** Shortens the stem at a character border, and keeps the extension. */
function shorten(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  const { stem, extension } = splitWhole(name);
  let freeBytes = maxBytes - Buffer.byteLength(extension);
  let kept = '';
  for (const character of stem) {
    freeBytes -= Buffer.byteLength(character);
    if (freeBytes < 0) break;
    kept += character;
  }
  return `${trimEnd(kept)}${extension}`;
}

/**
 * Removes dots and spaces at the end, which Windows drops. A loop, because a pattern is tried again from each dot.
 */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '.' || text[end - 1] === ' ')) end--;
  return text.slice(0, end);
}
