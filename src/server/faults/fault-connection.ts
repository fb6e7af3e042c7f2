// One accepted connection of a fault server: requests in, one at a time through the steps of its target's fault. It
// never reads a request's body, and answers in order whatever it is sent at once.

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Step } from './fault-steps.ts';

export interface FaultRequest {
  readonly method: string;
  readonly path: string;
  /** Without the question mark; '' where there is none. */
  readonly query: string;
  readonly receivedAtMs: number;
}

/** What is to be done about a request. */
export interface Play {
  /** When its first step may be taken. */
  readonly startAtMs: number;
  readonly steps: readonly Step[];
  /** The right answer is with the kernel. */
  readonly onAnswered: () => void;
  /** The step `outage`: the connection is reset by it. */
  readonly onOutage: (durationMs: number) => void;
}

/** A longer head is none of a client's that is meant here. */
const MAX_HEAD_CHARS = 64 * 1024;
/** Requests read ahead of those that wait for their answer. */
const MAX_AHEAD = 4096;
/** A client that leaves a stalled or flooded connection open for so long is done with it. */
const MAX_HOLD_MS = 600_000;

export class FaultConnection {
  readonly #socket: Socket;
  readonly #decide: (request: FaultRequest) => Play;
  readonly #queue: Play[] = [];
  #text = '';
  #isPlaying = false;
  /** The client will send no more. */
  #isLeft = false;
  /** Nothing more is written. */
  #isOver = false;
  /** It waits for the client to leave. */
  #isHolding = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket, decide: (request: FaultRequest) => Play) {
    this.#socket = socket;
    this.#decide = decide;
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('end', () => {
      this.#isLeft = true;
      if (this.#isHolding) this.#wake?.();
      if (!this.#isPlaying) socket.end();
    });
    socket.once('close', () => this.#stop());
  }

  reset(): void {
    this.#stop();
    // Node leaks a handle that is reset while its FIN is still to go out, and then spins at its own exit (26.10).
    if (this.#socket.writableEnded || this.#socket instanceof TLSSocket) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  #stop(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  #read(bytes: Buffer): void {
    if (this.#isOver) return;
    const receivedAtMs = performance.now();
    this.#text += bytes.toString('latin1');
    let start = 0;
    for (let end = this.#text.indexOf('\r\n\r\n'); end >= 0; end = this.#text.indexOf('\r\n\r\n', start)) {
      const [method = '', target = ''] = this.#text.slice(start, end).split(' ', 2);
      const mark = target.indexOf('?');
      const path = mark < 0 ? target : target.slice(0, mark);
      const query = mark < 0 ? '' : target.slice(mark + 1);
      this.#queue.push(this.#decide({ method, path, query, receivedAtMs }));
      start = end + 4;
    }
    this.#text = this.#text.slice(start);
    if (this.#text.length > MAX_HEAD_CHARS) this.reset();
    if (this.#queue.length > MAX_AHEAD) this.#socket.pause();
    if (!this.#isPlaying) void this.#playAll();
  }

  async #playAll(): Promise<void> {
    this.#isPlaying = true;
    for (let play = this.#queue.shift(); play !== undefined && !this.#isOver; play = this.#queue.shift()) {
      await this.#wait(play.startAtMs - performance.now());
      for (const step of play.steps) {
        if (this.#isOver) break;
        // In one turn wherever possible: between a last byte and its count another target's outage may end all.
        const taken = this.#take(step, play);
        if (taken !== undefined) await taken;
      }
      if (this.#queue.length === 0 && this.#socket.isPaused()) this.#socket.resume();
    }
    this.#isPlaying = false;
    if (this.#isLeft && !this.#isOver) this.#socket.end();
  }

  /** Undefined where the step was over at once. */
  #take(step: Step, play: Play): Promise<void> | undefined {
    switch (step.kind) {
      case 'send':
        return this.#write(step.bytes);
      case 'drip':
        return this.#drip(step.bytes, step.everyMs);
      case 'flood':
        return this.#flood(step.bytes, step.everyMs);
      case 'wait':
        return this.#wait(step.durationMs);
      case 'stall':
        return this.#hold();
      case 'reset':
        this.reset();
        break;
      case 'end':
        this.#isOver = true;
        this.#socket.end();
        break;
      case 'answered':
        play.onAnswered();
        break;
      case 'outage':
        play.onOutage(step.durationMs);
        break;
    }
    return undefined;
  }

  async #drip(bytes: Buffer, everyMs: number): Promise<void> {
    for (const [index, byte] of bytes.entries()) {
      if (index > 0) await this.#wait(everyMs);
      if (this.#isOver) return;
      await this.#write(Buffer.of(byte));
    }
  }

  async #hold(): Promise<void> {
    this.#isHolding = true;
    if (!this.#isLeft) await this.#wait(MAX_HOLD_MS);
    this.reset();
  }

  async #flood(bytes: Buffer, everyMs: number): Promise<void> {
    const endMs = performance.now() + MAX_HOLD_MS;
    this.#isHolding = true;
    while (!this.#isOver && !this.#isLeft && performance.now() < endMs) {
      await this.#write(bytes);
      await this.#wait(everyMs);
    }
    this.reset();
  }

  /** Undefined where the kernel has the bytes; else resolves when it has, or the connection is over. */
  #write(bytes: Buffer): Promise<void> | undefined {
    if (this.#isOver || bytes.length === 0) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.write(bytes, () => resolve());
    return this.#socket.writableLength === 0 ? undefined : promise;
  }

  /** Resolves after so long, or as soon as the connection is over, or the client leaves what is held for it. */
  async #wait(durationMs: number): Promise<void> {
    if (durationMs <= 0 || this.#isOver) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(durationMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
