// Feeds bytes to a wire parser and writes down, answer by answer, what comes out.

import type { LaneError } from '../../src/transport/lane-error.ts';
import type { WireHeaderView } from '../../src/transport/wire/wire-header-view.ts';
import { type AnswerSink, WireParser } from '../../src/transport/wire/wire-parser.ts';

export interface ParsedAnswer {
  status: number;
  headers: [string, string][];
  body: string;
  /** `open`: begun and not ended. */
  end: 'open' | 'reusable' | 'last';
}

export class AnswerRecorder implements AnswerSink {
  readonly answers: ParsedAnswer[] = [];
  /** Methods asked and not begun to be answered. */
  readonly asked: ('GET' | 'HEAD')[];
  beganCount = 0;
  parser: WireParser;

  constructor(asked: readonly ('GET' | 'HEAD')[], maxHeaderBytes = 16_384) {
    this.asked = [...asked];
    this.parser = new WireParser(this, maxHeaderBytes);
  }

  onBegin(): 'GET' | 'HEAD' | undefined {
    const method = this.asked.shift();
    if (method !== undefined) this.beganCount++;
    return method;
  }

  takesUntilClose(): boolean {
    return true;
  }

  onHead(status: number, headers: WireHeaderView): void {
    this.answers.push({ status, headers: headers.entries(), body: '', end: 'open' });
  }

  onData(chunk: Buffer, start: number, end: number): void {
    this.last.body += chunk.toString('latin1', start, end);
  }

  onEnd(isReusable: boolean): void {
    this.last.end = isReusable ? 'reusable' : 'last';
  }

  get last(): ParsedAnswer {
    return this.answers.at(-1) as ParsedAnswer;
  }

  /** Feeds one read. The bytes stand in a buffer that is overwritten afterwards, as the lane's are. */
  read(text: string): LaneError | undefined {
    const chunk = Buffer.from(text, 'latin1');
    const refusal = this.parser.parse(chunk, 0, chunk.length);
    chunk.fill('?');
    return refusal;
  }
}

export interface Parsed {
  readonly answers: ParsedAnswer[];
  readonly refusal: LaneError | undefined;
  readonly beganCount: number;
}

/** Feeds `pieces` one read each, up to the first refusal. */
export function parsePieces(
  pieces: readonly string[],
  asked: readonly ('GET' | 'HEAD')[] = ['GET'],
  maxHeaderBytes?: number,
): Parsed {
  const recorder = new AnswerRecorder(asked, maxHeaderBytes);
  let refusal: LaneError | undefined;
  for (const piece of pieces) {
    refusal = recorder.read(piece);
    if (refusal !== undefined) break;
  }
  return { answers: recorder.answers, refusal, beganCount: recorder.beganCount };
}

export const OK = 'HTTP/1.1 200 OK\r\n';

/** One piece a byte. */
export function byteByByte(bytes: string): string[] {
  return Array.from({ length: bytes.length }, (_, index) => bytes.charAt(index));
}
