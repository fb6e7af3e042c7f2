// What `GET /:n` answers, once for every way a replica may answer: JSON as the slow websites of the demonstrations do,
// or the number alone. Pure.

import type { AnswerForm } from '../model/answer-form.ts';

export interface TrialAnswer {
  readonly contentType: string;
  /** Of the body: what stands before the number's digits, and what behind them. */
  readonly before: string;
  readonly after: string;
}

export const TRIAL_ANSWERS: Readonly<Record<AnswerForm, TrialAnswer>> = {
  json: { contentType: 'application/json', before: '{"message":"ok","value":', after: '}' },
  text: { contentType: 'text/plain; charset=UTF-8', before: '', after: '' },
};
