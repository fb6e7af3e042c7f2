// One accepted connection of a fault server. Takes requests one at a time through the steps of their target's
// fault. It never reads a request's body, and answers pipelined requests in order.

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Step } from './fault-steps.ts';

export interface FaultRequest {
  readonly method: string;
  readonly path: string;
  /** The query without the question mark; '' when there is none. */
  readonly query: string;
  readonly receivedAtMs: number;
}

/** What to do about one request. */
export interface Play {
  /** When its first step may be taken. */
  readonly startAtMs: number;
  readonly steps: readonly Step[];
  /** Called when the kernel has the whole right answer. */
  readonly onAnswered: () => void;
  /** Called for the step `outage`, which resets this connection too. */
  readonly onOutage: (durationMs: number) => void;
}

/** A request head longer than this ends the connection: no client that the server is meant for sends one. */
const MAX_HEAD_CHARS = 64 * 1024;
/** How many requests are read ahead while earlier ones wait for their answers. */
const MAX_AHEAD = 4096;
/** A stalled or flooded connection is closed after this long, even if the client has not left. */
const MAX_HOLD_MS = 600_000;

export class FaultConnection {
  readonly #socket: Socket;
  readonly #decide: (request: FaultRequest) => Play;
  readonly #queue: Play[] = [];
  #text = '';
  #isPlaying = false;
  /** True when the client will send no more. */
  #isLeft = false;
  /** True when nothing more will be written. */
  #isOver = false;
  /** True while the connection waits for the client to leave. */
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
    // Node.js 26.10 leaks a handle that is reset while its FIN is still to be sent, and then spins when the
    // process exits.
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
        // Take steps in one turn wherever possible: between a last byte and its count, another target's
        // outage may end the connection.
        const taken = this.#take(step, play);
        if (taken !== undefined) await taken;
      }
      if (this.#queue.length === 0 && this.#socket.isPaused()) this.#socket.resume();
    }
    this.#isPlaying = false;
    if (this.#isLeft && !this.#isOver) this.#socket.end();
  }

  /** Returns undefined when the step was over at once. */
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

  /**
   * Returns undefined when the kernel has the bytes; else resolves when it has, or when the connection is
   * over.
   */
  #write(bytes: Buffer): Promise<void> | undefined {
    if (this.#isOver || bytes.length === 0) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.write(bytes, () => resolve());
    return this.#socket.writableLength === 0 ? undefined : promise;
  }

  /**
   * Resolves after `durationMs`, or earlier when the connection is over or the client leaves a held
   * connection.
   */
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
