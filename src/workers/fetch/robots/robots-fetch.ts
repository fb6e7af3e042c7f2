// Fetches an origin's robots.txt through the worker's own connections, by RFC 9309: at most five redirects,
// the first 500 KiB; a missing file allows everything, and a server that cannot answer allows nothing.

import { FAILURES } from '../../../model/errors.ts';
import type { FetchLimits } from '../../../model/fetch-task.ts';
import type { RobotsRules } from '../../../model/robots.ts';
import { thrownText } from '../../../model/one-line.ts';
import { redirectTarget } from '../attempt/answer-head.ts';
import { ContentDecoder, parseCodings } from '../attempt/content-decoder.ts';
import type { DecoderMemory } from '../attempt/decoder-memory.ts';
import { classify, describeError } from '../../../transport/classify.ts';
import type { AnswerReceiver, RequestControl } from '../../../transport/fetch-transport.ts';
import { PrivateAddressError } from '../../../dns/host-names.ts';
import type { GuardedRoutes } from '../../../transport/routes/guarded-routes.ts';
import type { HeaderView } from '../../../transport/lane.ts';

const MAX_BYTES = 500 * 1024;
const MAX_REDIRECTS = 5;
const MAX_TRIES = 3;
const RETRY_MS = 500;
const DEFAULT_DEADLINE_MS = 60_000;

export interface RobotsFetchParts {
  readonly routes: GuardedRoutes;
  readonly limits: FetchLimits;
  readonly userAgent: string;
  readonly decoderMemory: DecoderMemory;
  readonly onSent: () => void;
}

/** How one request ended: rules, where to ask next, or why to ask again. */
type Answer =
  | RobotsRules
  | { readonly kind: 'redirect'; readonly to: URL }
  /** The framing needs undici. */
  | { readonly kind: 'hand-over' };

/** Never rejects. */
export async function fetchRobots(
  parts: RobotsFetchParts,
  origin: string,
  isGuarded = false,
): Promise<RobotsRules> {
  let found: RobotsRules = { kind: 'unavailable', detail: 'not asked' };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    // Keeps its ref, because this timer may be all that keeps the thread alive.
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS * 2 ** tries));
    try {
      found = await follow(parts, new URL('/robots.txt', origin), isGuarded);
    } catch (error) {
      return { kind: 'unavailable', detail: `${origin}/robots.txt: ${thrownText(error)}` };
    }
    if (found.kind !== 'unavailable') return found;
  }
  return found;
}

async function follow(parts: RobotsFetchParts, start: URL, isAway: boolean): Promise<RobotsRules> {
  let url = start;
  let isGuarded = isAway;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    let answer = await new Asking(parts, url, isGuarded, false).answer;
    if (answer.kind === 'hand-over') answer = await new Asking(parts, url, isGuarded, true).answer;
    if (answer.kind === 'hand-over')
      return { kind: 'unavailable', detail: `${url.href}: no transport takes it` };
    if (answer.kind !== 'redirect') return answer;
    if (!isGuarded) isGuarded = parts.routes.isPublic(url.hostname);
    url = answer.to;
  }
  // RFC 9309, section 2.3.1.2: after five redirects the file may be taken for missing.
  return { kind: 'none' };
}

class Asking implements AnswerReceiver {
  readonly answer: Promise<Answer>;
  readonly #settle: (answer: Answer) => void;
  readonly #parts: RobotsFetchParts;
  readonly #url: URL;
  readonly #isHandedOver: boolean;
  #timer: NodeJS.Timeout | undefined;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #decoder: ContentDecoder | null = null;
  #control: RequestControl | null = null;
  #verdict: Answer | null = null;
  #isOver = false;

  constructor(parts: RobotsFetchParts, url: URL, isGuarded: boolean, isHandedOver: boolean) {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.answer = promise;
    this.#settle = resolve;
    this.#parts = parts;
    this.#url = url;
    this.#isHandedOver = isHandedOver;
    const { origin, pathname, search } = url;
    const control = parts.routes.send(
      {
        origin,
        path: pathname + search,
        fields: ['user-agent', parts.userAgent, 'accept', 'text/plain, */*;q=0.1'],
        isHandedOver,
        isGuarded,
      },
      this,
    );
    if (this.#isOver) control.leave();
    else this.#control = control;
  }

  /** The deadline starts here, because the wait for the name is not the server's. */
  onNamed(): void {
    const { totalMs } = this.#parts.limits;
    const deadlineMs = totalMs === 0 ? DEFAULT_DEADLINE_MS : totalMs;
    this.#timer = setTimeout(
      () => this.#fail(`expected an answer within ${deadlineMs} ms, found none`),
      deadlineMs,
    );
  }

  onSent(): void {
    this.#guard(() => this.#parts.onSent());
  }

  onHead(status: number, _statusText: string, headers: HeaderView): void {
    this.#guard(() => {
      if (status >= 300 && status < 400) this.#verdict = this.#redirect(headers.get('location'));
      else if (status === 206 || status === 429 || status >= 500)
        this.#verdict = this.#unavailable(`status ${status}`);
      else if (status >= 400) this.#verdict = { kind: 'none' };
      else this.#verdict = this.#begin(headers);
      if (this.#verdict !== null) this.#finish(this.#verdict);
    });
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#guard(() => {
      if (this.#decoder === null) this.#take(chunk);
      else if (!this.#decoder.write(Buffer.from(chunk))) this.#control?.pause();
    });
  }

  onEnd(): void {
    this.#guard(() => {
      if (this.#decoder === null) this.#finish(this.#text());
      else this.#decoder.end();
    });
  }

  onError(error: unknown): void {
    if (!this.#isHandedOver && FAILURES[classify(error)].handOver) this.#finish({ kind: 'hand-over' });
    // Needs no rules: the guard also refuses the target itself.
    else if (error instanceof PrivateAddressError) this.#finish({ kind: 'none' });
    else this.#fail(describeError(error));
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(thrownText(error));
    }
  }

  #redirect(location: string | undefined): Answer {
    const to = redirectTarget(location, this.#url);
    return to === null ? { kind: 'none' } : { kind: 'redirect', to };
  }

  /** Removes codings, which servers may use even where nobody asked for one. Null where the text is to be read. */
  #begin(headers: HeaderView): Answer | null {
    const transfer = headers.get('transfer-encoding')?.trim().toLowerCase() ?? 'chunked';
    const coding = headers.get('content-encoding') ?? '';
    const codings = parseCodings(coding);
    // Rules in an unreadable coding would be read as rules that allow everything.
    const unknown =
      transfer !== 'chunked'
        ? `transfer-encoding ${quoted(transfer)}`
        : codings === null
          ? `content-encoding ${quoted(coding)}`
          : '';
    if (unknown !== '') return this.#unavailable(`expected a known coding, found ${unknown}`);
    if (codings === null || codings.length === 0) return null;
    this.#decoder = new ContentDecoder(codings, this.#parts.decoderMemory, {
      onData: (chunk) => this.#take(chunk),
      onEnd: () => this.#finish(this.#text()),
      onError: (error) => this.#fail(`expected ${coding}, ${describeError(error)}`),
      onDrain: () => this.#control?.resume(),
    });
    return null;
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#chunks.push(Buffer.from(chunk));
    this.#bytes += chunk.length;
    if (this.#bytes >= MAX_BYTES) this.#finish(this.#text());
  }

  #text(): RobotsRules {
    const bytes = Buffer.concat(this.#chunks).subarray(0, MAX_BYTES);
    const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
    return { kind: 'text', text: bytes.toString(isUtf16 ? 'utf16le' : 'utf8') };
  }

  #fail(problem: string): void {
    this.#finish(this.#unavailable(problem));
  }

  #unavailable(problem: string): RobotsRules {
    return { kind: 'unavailable', detail: `${this.#url.origin}/robots.txt: ${problem} (--robots)` };
  }

  #finish(answer: Answer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#decoder?.cancel();
    clearTimeout(this.#timer);
    // The rest of the body is not needed.
    this.#control?.abort(new Error('robots.txt is known'));
    this.#control?.leave();
    this.#settle(answer);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
