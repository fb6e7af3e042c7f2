// The answer to `GET /:n`, shared by all ways a replica may send it: JSON like the slow websites of the
// demonstrations, or only the number. Pure.

import type { AnswerForm } from '../model/answer-form.ts';

export interface TrialAnswer {
  readonly contentType: string;
  /** The parts of the body before and after the number's digits. */
  readonly before: string;
  readonly after: string;
}

export const TRIAL_ANSWERS: Readonly<Record<AnswerForm, TrialAnswer>> = {
  json: { contentType: 'application/json', before: '{"message":"ok","value":', after: '}' },
  text: { contentType: 'text/plain; charset=UTF-8', before: '', after: '' },
};
