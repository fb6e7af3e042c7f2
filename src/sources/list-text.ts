// Decodes the bytes of a list to text: UTF-8, or UTF-16 as some Windows programs write it. Knows nothing of lines.

import { SpillwayError } from '../model/errors.ts';

const HEAD_BYTES = 4;

/** First bytes of files that are not text, and what to do with each. */
const NO_TEXT = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], found: 'a zip archive or an Excel workbook: save the table as CSV' },
  { bytes: [0x42, 0x5a, 0x68], found: 'a bzip2 archive: unpack it, or pack it with gzip or zstd' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58], found: 'an xz archive: unpack it, or pack it with gzip or zstd' },
  { bytes: [0x50, 0x41, 0x52, 0x31], found: 'a Parquet file: write it as CSV or JSON lines' },
  { bytes: [0xff, 0xfe, 0x00, 0x00], found: 'UTF-32: save it as UTF-8' },
  { bytes: [0x00, 0x00, 0xfe, 0xff], found: 'UTF-32: save it as UTF-8' },
] as const;

/**
 * Yields text in pieces and keeps byte order marks. Bytes that are not valid in the encoding become U+FFFD.
 * @throws SpillwayError ERR_OPTION for a file that is not text
 */
export async function* readText(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let head: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (decoder !== undefined) {
      yield decoder.decode(chunk, { stream: true });
      continue;
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES) continue;
    decoder = decoderFor(head, name);
    yield decoder.decode(head, { stream: true });
  }
  const last = decoder === undefined ? decoderFor(head, name).decode(head) : decoder.decode();
  if (last !== '') yield last;
}

function decoderFor(head: Buffer, name: string): TextDecoder {
  const wrong = NO_TEXT.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte));
  if (wrong !== undefined)
    throw new SpillwayError('ERR_OPTION', `${name}: expected a list as text, found ${wrong.found}`);
  return new TextDecoder(encodingOf(head), { ignoreBOM: true });
}

/** Chooses by the byte order mark, or else by the position of the zero bytes of ASCII letters. */
function encodingOf([first, second, third, fourth]: Buffer): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (fourth === undefined) return 'utf-8';
  const zeros = [first, second, third, fourth].map((byte) => byte === 0).join();
  if (zeros === 'false,true,false,true') return 'utf-16le';
  return zeros === 'true,false,true,false' ? 'utf-16be' : 'utf-8';
}
