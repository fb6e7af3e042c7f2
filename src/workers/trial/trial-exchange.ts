// One position in flight of a benchmark run: checks the answer to a trial byte by byte as it comes, keeps no
// body and allocates nothing. Its owner, TrialRun, decides what follows from the answer. A million may exist
// at once, so it holds nine small integers and nothing else (96 bytes).

import type { Exchange, HeaderView, Reached, Slot } from '../../transport/lane.ts';
import type { AnswerReader } from './answer-reader.ts';

const ZERO = 48;
const NINE = 57;
/** More digits than any trial number has: a longer body is wrong whatever follows. */
const MAX_DIGITS = 9;
/** `value` of a body that is not a number. */
const NOT_A_NUMBER = -1;

/** How a body is read: as digits, by the known shape of the server's JSON, or after it was held until its end. */
const DIGITS = 0;
const MATCHED = 1;
const HELD = 2;

/** What a position tells its owner; the last two end an attempt. */
export interface TrialExchangeOwner {
  /** Microseconds since the owner began, a small integer for the first 35 minutes. */
  nowUs(): number;
  /** Number of the deadline sweep under way, from 1. */
  readonly sweepNumber: number;
  /** Reads bodies that are not only digits. */
  readonly answers: AnswerReader;
  exchangeSent(exchange: TrialExchange): void;
  exchangeEnded(exchange: TrialExchange): void;
  exchangeLost(exchange: TrialExchange, error: unknown, reached: Reached): void;
}

/** What the engine keeps about one connection. */
export interface SlotState {
  readonly owner: TrialExchangeOwner;
  readonly slot: Slot;
  readonly isFallback: boolean;
  /** Requests that may be open at once, unless the connection has shown that it takes fewer. */
  readonly fullDepth: number;
  /** A connection is established, as far as is known. */
  connected: boolean;
  /** True while it counts among the connections that are being made. */
  isConnecting: boolean;
  /** Whole answers on the present connection. */
  answers: number;
  /** Positions of this slot in flight. */
  inFlight: number;
  retired: boolean;
  /** A deadline passed while the connection had brought no answer at all, so it was cut. */
  isStalled: boolean;
  /** Refused connects in a row, and the sweep of the first. */
  refusals: number;
  refusedInSweep: number;
  /** The slot takes no trial before this sweep. */
  pausedUntilSweep: number;
}

export class TrialExchange implements Exchange {
  readonly slot: SlotState;
  /** The trial in flight, or -1 when the position is free. */
  trial = -1;
  dispatchedAtUs = 0;
  /** When its request was handed to a connected socket; -1 before that. */
  sentAtUs = -1;
  /** The sweep in which its last byte came, for the idle deadline; 0 before the first byte. */
  activeInSweep = 0;
  status = 0;
  bytes = 0;
  /** The number read so far, or -1. */
  value = 0;
  #form = DIGITS;

  constructor(slot: SlotState) {
    this.slot = slot;
  }

  get method(): 'GET' {
    return 'GET';
  }

  /** Made on demand: the strings of a million positions would take more memory than everything else. */
  get path(): string {
    return `/${this.trial}`;
  }

  /** Makes the position ready for a trial. */
  begin(trial: number): void {
    this.trial = trial;
    this.dispatchedAtUs = this.slot.owner.nowUs();
    this.sentAtUs = -1;
    this.activeInSweep = 0;
    this.status = 0;
    this.bytes = 0;
    this.value = 0;
    this.#form = DIGITS;
  }

  onSent(): void {
    this.slot.owner.exchangeSent(this);
  }

  onHead(status: number, headers: HeaderView): void {
    this.status = status;
    const { owner } = this.slot;
    this.activeInSweep = owner.sweepNumber;
    if (headers.isCoded === false) return;
    const coding = headers.get('content-encoding');
    if (coding === undefined) return;
    this.#form = HELD;
    owner.answers.begin(this, coding);
  }

  onData(chunk: Uint8Array, start: number, end: number): void {
    const { answers, sweepNumber } = this.slot.owner;
    this.activeInSweep = sweepNumber;
    const isFirst = this.bytes === 0;
    this.bytes += end - start;
    if (this.#form === DIGITS) {
      const byte = chunk[start] as number;
      if (!isFirst || start === end || (byte >= ZERO && byte <= NINE)) {
        this.#readDigits(chunk, start, end);
        return;
      }
      this.value = answers.match(chunk, start, end);
      this.#form = this.value === NOT_A_NUMBER ? HELD : MATCHED;
      if (this.#form === MATCHED) return;
      answers.begin(this, '');
    } else if (this.#form === MATCHED) {
      answers.beginAfterMatch(this, this.value);
      this.#form = HELD;
    }
    answers.add(this, chunk, start, end);
  }

  #readDigits(chunk: Uint8Array, start: number, end: number): void {
    if (this.bytes > MAX_DIGITS) {
      this.value = NOT_A_NUMBER;
      return;
    }
    let { value } = this;
    for (let at = start; at < end && value !== NOT_A_NUMBER; at++) {
      const byte = chunk[at] as number;
      value = byte < ZERO || byte > NINE ? NOT_A_NUMBER : value * 10 + (byte - ZERO);
    }
    this.value = value;
  }

  onEnd(): void {
    if (this.#form === HELD) this.value = this.slot.owner.answers.finish(this);
    this.slot.owner.exchangeEnded(this);
  }

  onError(error: unknown, reached: Reached): void {
    if (this.#form === HELD) this.slot.owner.answers.forget(this);
    this.slot.owner.exchangeLost(this, error, reached);
  }

  /**
   * True where the body is exactly the trial's number in decimal without leading zeros, or JSON with it as
   * `value`.
   */
  get isRight(): boolean {
    if (this.value !== this.trial) return false;
    return this.#form !== DIGITS || this.bytes === digitCount(this.trial);
  }

  /** Describes what came in place of the right answer, for a message. */
  describe(): string {
    const { value, trial, bytes } = this;
    if (bytes === 0) return 'an empty body';
    if (value < 0) return this.#form === HELD ? this.slot.owner.answers.found : 'a body that is not a number';
    return value === trial ? `it in ${bytes} bytes, not in plain decimal` : `${value}`;
  }
}

function digitCount(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) count++;
  return count;
}
