// One request through undici, reported as fetch-transport asks. undici hands over its controller only when
// the request starts, so a pause or abort before that is kept until then.

import type { Dispatcher } from 'undici';
import type { AnswerReceiver, RequestControl } from '../fetch-transport.ts';
import { UndiciHeaderView } from './undici-header-view.ts';

type ResponseController = Dispatcher.DispatchController;

export class UndiciReceiver implements Dispatcher.DispatchHandler, RequestControl {
  readonly #receiver: AnswerReceiver;
  readonly leave: () => void;
  #controller: ResponseController | null = null;
  #abortedBy: Error | null = null;

  constructor(receiver: AnswerReceiver, leave: () => void) {
    this.#receiver = receiver;
    this.leave = leave;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(error: Error): void {
    this.#abortedBy = error;
    this.#controller?.abort(error);
    this.#controller = null;
  }

  onRequestStart(controller: ResponseController): void {
    if (this.#abortedBy !== null) {
      controller.abort(this.#abortedBy);
      return;
    }
    this.#controller = controller;
    if (this.#receiver.maySend?.() === false) return;
    this.#receiver.onSent();
  }

  onResponseStart(
    controller: ResponseController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText = '',
  ): void {
    if (status < 200 || this.#abortedBy !== null) return;
    this.#receiver.onHead(status, statusText, new UndiciHeaderView(headers, controller.rawHeaders));
  }

  onResponseData(_: ResponseController, chunk: Buffer): void {
    if (this.#abortedBy === null) this.#receiver.onData(chunk);
  }

  onResponseEnd(): void {
    this.#controller = null;
    if (this.#abortedBy === null) this.#receiver.onEnd();
  }

  onResponseError(_: ResponseController, error: Error): void {
    this.#controller = null;
    if (this.#abortedBy === null) this.#receiver.onError(error, 'own');
  }
}
