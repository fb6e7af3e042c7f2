// Any text becomes one file name that every file system takes and that stays inside its directory: no separators, no
// control characters, none of Windows' devices, at most 255 bytes, never hidden and never empty.

/** ext4, APFS, NTFS and ZFS take 255; some room is left for a suffix against collisions. */
const MAX_NAME_BYTES = 255;
const SUFFIX_ROOM_BYTES = 24;
const MAX_EXTENSION_BYTES = 16;
/** Used where nothing of the wanted name is left, as web servers do. */
const EMPTY_NAME = 'index';

/** Control characters (C0, DEL, C1), what Windows forbids, and marks that turn the reading direction. */
// oxlint-disable-next-line no-control-regex -- control characters are what must go
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const DEVICE =
  /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?=\.|$)/iu;

/** What most names are: nothing to replace, to fold or to cut. */
const PLAIN = /^[\w-](?:[\w.-]{0,98}[\w-])?$/u;

/** A valid file name as close to `wanted` as can be; at most `MAX_NAME_BYTES - SUFFIX_ROOM_BYTES` bytes of UTF-8. */
export function safeName(wanted: string): string {
  if (PLAIN.test(wanted) && !DEVICE.test(wanted)) return wanted;
  let name = wanted.toWellFormed().replaceAll('\ufffd', '_').normalize('NFC').replace(FORBIDDEN, '_').trim();
  // A leading dot hides a file (and "." and ".." are not files); Windows drops trailing dots and blanks.
  name = name.replace(/^[.\s]+/u, (dots) => (dots.length === name.length ? '' : '_')).replace(/[.\s]+$/u, '');
  if (name === '') name = EMPTY_NAME;
  name = name.replace(DEVICE, (device) => `${device}_`);
  return shorten(name, MAX_NAME_BYTES - SUFFIX_ROOM_BYTES);
}

/** `name` with `suffix` before its extension: `a.tar` and `~7` give `a~7.tar`. */
export function withSuffix(name: string, suffix: string): string {
  const { stem, extension } = splitExtension(name);
  return `${stem}${suffix}${extension}`;
}

export function splitExtension(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || Buffer.byteLength(name.slice(dot)) > MAX_EXTENSION_BYTES)
    return { stem: name, extension: '' };
  return { stem: name.slice(0, dot), extension: name.slice(dot) };
}

/** Cuts the stem, between characters, and keeps the extension. */
function shorten(name: string, maxBytes: number): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  const { stem, extension } = splitExtension(name);
  let roomBytes = maxBytes - Buffer.byteLength(extension);
  let kept = '';
  for (const character of stem) {
    roomBytes -= Buffer.byteLength(character);
    if (roomBytes < 0) break;
    kept += character;
  }
  return `${kept.replace(/[.\s]+$/u, '')}${extension}`;
}
