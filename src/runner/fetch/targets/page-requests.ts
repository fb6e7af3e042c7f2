// How the runner requests the pages of a list API: one after the other, with the retries and deadlines of targets.
// A page that cannot be fetched is an ERR_SOURCE, because no target follows it.

import { setTimeout as wait } from 'node:timers/promises';
import { SpillwayError } from '../../../model/errors.ts';
import type { FetchLimits, FetchRequestOptions } from '../../../model/fetch-task.ts';
import type { PageAnswer, PageRequest, RequestPage } from '../../../model/list-api-options.ts';
import { isRetryableStatus, parseRetryAfterMs, retryDelayMs } from '../../../model/retry-policy.ts';
import type { Answer, PageClient } from './page-client.ts';

/** Makes the function through which a list API source requests its pages; keeps connections between pages. */
export function makeRequestPage(options: FetchRequestOptions, limits: FetchLimits): RequestPage & Disposable {
  let client: PageClient | undefined;
  let isDisposed = false;
  const send = async (page: PageRequest, signal: AbortSignal): Promise<Answer> => {
    const room = await import('./page-client.ts');
    if (isDisposed) throw new Error('the run is over');
    client ??= new room.PageClient(options, limits);
    return client.send(page, signal);
  };
  const ask: RequestPage = async (page, signal) => {
    for (let attempts = 1; ; attempts++) {
      const tried = await attempt(() => send(page, signal));
      if (tried.answer !== undefined && tried.answer.status < 300) return toPageAnswer(tried.answer);
      if (signal.aborted) throw sourceError(page, 'the walk was stopped');
      const mayRetry = tried.answer === undefined || isRetryableStatus(tried.answer.status);
      const { date, 'retry-after': retryAfter } = tried.answer?.message.headers ?? {};
      const retryAfterMs = parseRetryAfterMs(retryAfter, date, Date.now());
      if (!mayRetry || attempts > limits.maxRetries || retryAfterMs > limits.maxRetryWaitMs) {
        throw sourceError(
          page,
          `expected a page of the list, found ${tried.problem} after ${attempts} attempts`,
        );
      }
      await wait(retryDelayMs(attempts, retryAfterMs, Math.random()), undefined, { signal }).catch(() => {});
    }
  };
  return Object.assign(ask, {
    [Symbol.dispose]: () => {
      isDisposed = true;
      client?.[Symbol.dispose]();
    },
  });
}

async function attempt(send: () => Promise<Answer>): Promise<{ answer?: Answer; problem: string }> {
  try {
    const answer = await send();
    return { answer, problem: `status ${answer.status}` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message || error.name : String(error) };
  }
}

function toPageAnswer({ message, body }: Answer): PageAnswer {
  return {
    header: (name) => {
      const value = message.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: body.toString(),
  };
}

function sourceError(page: PageRequest, problem: string): SpillwayError {
  const url = new URL(page.url);
  return new SpillwayError('ERR_SOURCE', `${url.origin}${url.pathname}: ${problem}`);
}
